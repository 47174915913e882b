@testable import Torch

extension OperatorCases {
  static func addIndexing(to cases: inout [String: Call]) {
    cases["argwhere"] = { try list($0.x.argwhere()) }
    cases["gather"] = { try list($0.x.gather(dim: 0, $0.y)) }
    cases["index.Tensor"] = { try list($0.x.index(tensors: [$0.y, $0.z])) }
    cases["index.Tensor/none"] = { try list($0.x.index(tensors: [nil, $0.y])) }
    cases["index_add"] = { try list($0.x.indexAdd(dim: 0, $0.y, $0.z, alpha: 2)) }
    cases["index_copy"] = { try list($0.x.indexCopy(dim: 0, $0.y, $0.z)) }
    cases["index_fill.int_Scalar"] = { try list($0.x.indexFill(dim: 0, $0.y, -1.5)) }
    cases["index_put"] = { try list($0.x.indexPut([$0.y, $0.z], $0.w)) }
    cases["index_put/accumulate"] = { try list($0.x.indexPut([$0.y], $0.z, accumulate: true)) }
    cases["index_reduce"] = { try list($0.x.indexReduce(dim: 0, $0.y, $0.z, reduce: "amax")) }
    cases["index_select"] = { try list($0.x.indexSelect(dim: 1, $0.y)) }
    cases["masked_fill.Scalar"] = { try list($0.x.maskedFill($0.y, 9.5)) }
    cases["masked_fill.Tensor"] = { try list($0.x.maskedFill($0.y, $0.z)) }
    cases["masked_scatter"] = { try list($0.x.maskedScatter($0.y, $0.z)) }
    cases["masked_select"] = { try list($0.x.maskedSelect($0.y)) }
    cases["nonzero"] = { try list($0.x.nonzero()) }
    cases["nonzero_numpy"] = { try list($0.x.nonzeroNumpy()) }
    cases["put"] = { try list($0.x.put($0.y, $0.z)) }
    cases["scatter.src"] = { try list($0.x.scatter(dim: 0, $0.y, $0.z)) }
    cases["scatter.value"] = { try list($0.x.scatter(dim: 0, $0.y, 7.5)) }
    cases["scatter_add"] = { try list($0.x.scatterAdd(dim: 0, $0.y, $0.z)) }
    cases["scatter_reduce.two"] = { try list($0.x.scatterReduce(dim: 0, $0.y, $0.z, reduce: "mean")) }
    cases["take"] = { try list($0.x.take($0.y)) }
    cases["take_along_dim"] = { try list($0.x.takeAlongDim($0.y, dim: 1)) }
    cases["zero_"] = { input in try inPlace(input.x) { try $0.zero_() } }
    cases["fill_.Scalar"] = { input in try inPlace(input.x) { try $0.fill_(2) } }
    cases["fill_diagonal_"] = { input in try inPlace(input.x) { try $0.fillDiagonal_(5) } }
    cases["masked_fill_.Scalar"] = { input in try inPlace(input.x) { try $0.maskedFill_(input.y, 1) } }
  }
}
