@testable import Torch

extension OperatorCases {
  static func addFunctions(to cases: inout [String: Call]) {
    cases["acos"] = { try list($0.x.acos()) }
    cases["acosh"] = { try list($0.x.add(1).acosh()) }
    cases["asin"] = { try list($0.x.asin()) }
    cases["asinh"] = { try list($0.x.asinh()) }
    cases["atan"] = { try list($0.x.atan()) }
    cases["atan2"] = { try list($0.x.atan2($0.y)) }
    cases["atanh"] = { try list($0.x.atanh()) }
    cases["cos"] = { try list($0.x.cos()) }
    cases["cosh"] = { try list($0.x.cosh()) }
    cases["digamma"] = { try list($0.x.digamma()) }
    cases["erf"] = { try list($0.x.erf()) }
    cases["erfc"] = { try list($0.x.erfc()) }
    cases["erfinv"] = { try list($0.x.erfinv()) }
    cases["exp"] = { try list($0.x.exp()) }
    cases["exp2"] = { try list($0.x.exp2()) }
    cases["expm1"] = { try list($0.x.expm1()) }
    cases["i0"] = { try list($0.x.i0()) }
    cases["igamma"] = { try list($0.x.igamma($0.y)) }
    cases["igammac"] = { try list($0.x.igammac($0.y)) }
    cases["lgamma"] = { try list($0.x.lgamma()) }
    cases["log"] = { try list($0.x.log()) }
    cases["log10"] = { try list($0.x.log10()) }
    cases["log1p"] = { try list($0.x.log1p()) }
    cases["log2"] = { try list($0.x.log2()) }
    cases["logaddexp"] = { try list($0.x.logaddexp($0.y)) }
    cases["logaddexp2"] = { try list($0.x.logaddexp2($0.y)) }
    cases["logit"] = { try list($0.x.div(3).logit(eps: 0.1)) }
    cases["mvlgamma"] = { try list($0.x.add(1).mvlgamma(p: 2)) }
    cases["polygamma"] = { try list($0.x.polygamma(n: 1)) }
    cases["sin"] = { try list($0.x.sin()) }
    cases["sinc"] = { try list($0.x.sinc()) }
    cases["sinh"] = { try list($0.x.sinh()) }
    cases["tan"] = { try list($0.x.tan()) }
    cases["tanh"] = { try list($0.x.tanh()) }
    cases["xlogy.Tensor"] = { try list($0.x.xlogy($0.y)) }
    cases["special_bessel_j0"] = { try list($0.x.specialBesselJ0()) }
    cases["special_bessel_y1"] = { try list($0.x.specialBesselY1()) }
    cases["special_chebyshev_polynomial_t.n_scalar"] = { try list($0.x.specialChebyshevPolynomialT(3)) }
    cases["special_hermite_polynomial_he.n_scalar"] = { try list($0.x.specialHermitePolynomialHe(4)) }
    cases["special_legendre_polynomial_p.n_scalar"] = { try list($0.x.specialLegendrePolynomialP(2)) }
    cases["special_entr"] = { try list($0.x.specialEntr()) }
    cases["special_erfcx"] = { try list($0.x.specialErfcx()) }
    cases["special_i0e"] = { try list($0.x.specialI0e()) }
    cases["special_i1"] = { try list($0.x.specialI1()) }
    cases["special_log_ndtr"] = { try list($0.x.specialLogNdtr()) }
    cases["special_modified_bessel_k0"] = { try list($0.x.specialModifiedBesselK0()) }
    cases["special_ndtr"] = { try list($0.x.specialNdtr()) }
    cases["special_ndtri"] = { try list($0.x.div(3).specialNdtri()) }
    cases["special_xlog1py"] = { try list($0.x.specialXlog1py($0.y)) }
    cases["special_zeta"] = { try list($0.x.add(1).specialZeta($0.y)) }
  }
}
