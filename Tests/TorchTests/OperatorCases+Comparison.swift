@testable import Torch

extension OperatorCases {
  static func addComparison(to cases: inout [String: Call]) {
    cases["bitwise_and.Tensor"] = { try list($0.x.bitwiseAnd($0.y)) }
    cases["bitwise_or.Scalar"] = { try list($0.x.bitwiseOr(5)) }
    cases["bitwise_xor.Tensor"] = { try list($0.x.bitwiseXor($0.y)) }
    cases["bitwise_not"] = { try list($0.x.bitwiseNot()) }
    cases["bitwise_left_shift.Tensor_Scalar"] = { try list($0.x.bitwiseLeftShift(2)) }
    cases["bitwise_right_shift.Tensor"] = { try list($0.x.bitwiseRightShift($0.y)) }
    cases["eq.Scalar"] = { try list($0.x.eq(1)) }
    cases["eq.Tensor"] = { try list($0.x.eq($0.y)) }
    cases["ge.Tensor"] = { try list($0.x.ge($0.y)) }
    cases["gt.Scalar"] = { try list($0.x.gt(0.1)) }
    cases["le.Scalar"] = { try list($0.x.le(0.1)) }
    cases["lt.Tensor"] = { try list($0.x.lt($0.y)) }
    cases["ne.Scalar"] = { try list($0.x.ne(1)) }
    cases["fmax"] = { try list($0.x.log().fmax($0.y)) }
    cases["fmin"] = { try list($0.x.fmin($0.y)) }
    cases["isclose"] = { try list($0.x.isclose($0.y, atol: 0.5)) }
    cases["isfinite"] = { try list($0.x.log().isfinite()) }
    cases["isinf"] = { try list($0.x.reciprocal().isinf()) }
    cases["isnan"] = { try list($0.x.log().isnan()) }
    cases["isin.Tensor_Tensor"] = { try list($0.x.isin($0.y)) }
    cases["isin.Tensor_Tensor/invert"] = { try list($0.x.isin($0.y, invert: true)) }
    cases["logical_and"] = { try list($0.x.logicalAnd($0.y)) }
    cases["logical_not"] = { try list($0.x.logicalNot()) }
    cases["logical_or"] = { try list($0.x.logicalOr($0.y)) }
    cases["logical_xor"] = { try list($0.x.logicalXor($0.y)) }
    cases["maximum"] = { try list($0.x.maximum($0.y)) }
    cases["minimum"] = { try list($0.x.minimum($0.y)) }
    cases["where.self"] = { try list(Tensor.where($0.x, $0.y, $0.z)) }
    cases["where.ScalarOther"] = { try list(Tensor.where($0.x, $0.y, -1)) }
    cases["where.ScalarSelf"] = { try list(Tensor.where($0.x, 2.0, $0.y)) }
    cases["where.Scalar"] = { try list(Tensor.where($0.x, 1.0, 0.0)) }
  }
}
