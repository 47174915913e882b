@testable import Torch

extension OperatorCases {
  static func addLinearAlgebra(to cases: inout [String: Call]) {
    cases["addbmm"] = { try list($0.x.addbmm($0.y, $0.z, beta: 0.5)) }
    cases["addmm"] = { try list($0.x.addmm($0.y, $0.z, alpha: 2)) }
    cases["addmv"] = { try list($0.x.addmv($0.y, $0.z)) }
    cases["addr"] = { try list($0.x.addr($0.y, $0.z)) }
    cases["baddbmm"] = { try list($0.x.baddbmm($0.y, $0.z)) }
    cases["bilinear"] = { try list(Tensor.bilinear($0.x, $0.y, $0.z, $0.w)) }
    cases["block_diag"] = { try list(Tensor.blockDiag([$0.x, $0.y])) }
    cases["bmm"] = { try list($0.x.bmm($0.y)) }
    cases["cartesian_prod"] = { try list(Tensor.cartesianProd([$0.x, $0.y])) }
    cases["cdist"] = { try list($0.x.cdist($0.y)) }
    cases["combinations"] = { try list($0.x.combinations()) }
    cases["cosine_similarity"] = { try list($0.x.cosineSimilarity($0.y)) }
    cases["cross"] = { try list($0.x.cross($0.y, dim: 1)) }
    cases["det"] = { try list($0.x.det()) }
    cases["dot"] = { try list($0.x.dot($0.y)) }
    cases["einsum"] = { try list(Tensor.einsum("ij,jk->ki", [$0.x, $0.y])) }
    cases["inner"] = { try list($0.x.inner($0.y)) }
    cases["kron"] = { try list($0.x.kron($0.y)) }
    cases["linalg_cholesky"] = { try list(spd($0.x).linalgCholesky()) }
    cases["linalg_cond"] = { try list($0.x.linalgCond()) }
    cases["linalg_cross"] = { try list($0.x.linalgCross($0.y)) }
    cases["linalg_eigh"] = { try list(spd($0.x).linalgEigh().eigenvalues) }
    cases["linalg_eigvalsh"] = { try list(spd($0.x).linalgEigvalsh()) }
    cases["linalg_inv"] = { try list(spd($0.x).linalgInv()) }
    cases["linalg_lstsq"] = { try list($0.x.linalgLstsq($0.y).solution) }
    cases["linalg_lu_factor"] = { try list($0.x.linalgLuFactor()) }
    cases["linalg_matrix_exp"] = { try list($0.x.linalgMatrixExp()) }
    cases["linalg_matrix_norm.str_ord"] = { try list($0.x.linalgMatrixNorm(ord: "fro")) }
    cases["linalg_matrix_power"] = { try list($0.x.linalgMatrixPower(n: 3)) }
    cases["linalg_multi_dot"] = { try list(Tensor.linalgMultiDot([$0.x, $0.y, $0.z])) }
    cases["linalg_norm"] = { try list($0.x.linalgNorm()) }
    cases["linalg_pinv.atol_rtol_float"] = { try list($0.x.linalgPinv()) }
    cases["linalg_qr"] = { try list($0.x.linalgQr()) }
    cases["linalg_slogdet"] = { try list($0.x.linalgSlogdet()) }
    cases["linalg_solve"] = { try list(spd($0.x).linalgSolve($0.y)) }
    cases["linalg_solve_triangular"] = { try list($0.x.tril().add(Tensor.eye(3), alpha: 2).linalgSolveTriangular($0.y, upper: false)) }
    cases["linalg_svd"] = { try list($0.x.linalgSvd(fullMatrices: false)) }
    cases["linalg_svdvals"] = { try list($0.x.linalgSvdvals()) }
    cases["linalg_vecdot"] = { try list($0.x.linalgVecdot($0.y)) }
    cases["linalg_vector_norm"] = { try list($0.x.linalgVectorNorm(ord: 3, dims: [1])) }
    cases["logdet"] = { try list(spd($0.x).logdet()) }
    cases["matmul"] = { try list($0.x.matmul($0.y)) }
    cases["mm"] = { try list($0.x.mm($0.y)) }
    cases["mv"] = { try list($0.x.mv($0.y)) }
    cases["norm_except_dim"] = { try list($0.x.normExceptDim(pow: 2, dim: 0)) }
    cases["outer"] = { try list($0.x.outer($0.y)) }
    cases["pairwise_distance"] = { try list($0.x.pairwiseDistance($0.y)) }
    cases["pdist"] = { try list($0.x.pdist()) }
    cases["tensordot"] = { try list($0.x.tensordot($0.y, dimsSelf: [1, 2], dimsOther: [0, 1])) }
    cases["trace"] = { try list($0.x.trace()) }
    cases["vander"] = { try list($0.x.vander(n: 4)) }
  }
}
