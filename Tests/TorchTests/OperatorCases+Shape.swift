@testable import Torch

extension OperatorCases {
  static func addShape(to cases: inout [String: Call]) {
    cases["as_strided"] = { try list($0.x.asStrided(shape: [2, 2], stride: [4, 2], storageOffset: 1)) }
    cases["atleast_2d"] = { try list($0.x.atleast2d()) }
    cases["broadcast_tensors"] = { try list(Tensor.broadcastTensors([$0.x, $0.y])) }
    cases["broadcast_to"] = { try list($0.x.broadcast(to: [2, 3, 2])) }
    cases["cat"] = { try list(Tensor.cat([$0.x, $0.y], dim: 1)) }
    cases["channel_shuffle"] = { try list($0.x.channelShuffle(groups: 2)) }
    cases["chunk"] = { try list($0.x.chunk(2)) }
    cases["clone"] = { try list($0.x.clone()) }
    cases["contiguous"] = { try list($0.x.t().contiguous()) }
    cases["diag"] = { try list($0.x.diag(diagonal: 1)) }
    cases["diag_embed"] = { try list($0.x.diagEmbed()) }
    cases["diagonal"] = { try list($0.x.diagonal(offset: 1)) }
    cases["diagonal_scatter"] = { try list($0.x.diagonalScatter($0.y)) }
    cases["expand"] = { try list($0.x.expand([2, 3, 4])) }
    cases["expand_as"] = { try list($0.x.expand(as: $0.y)) }
    cases["flatten.using_ints"] = { try list($0.x.flatten(from: 1)) }
    cases["flip"] = { try list($0.x.flip(dims: [0, 1])) }
    cases["hstack"] = { try list(Tensor.hstack([$0.x, $0.y])) }
    cases["meshgrid.indexing"] = { try list(Tensor.meshgrid([$0.x, $0.y], indexing: "ij")) }
    cases["movedim.int"] = { try list($0.x.movedim(source: 0, destination: 2)) }
    cases["movedim.intlist"] = { try list($0.x.movedim(source: [0, 1], destination: [1, 0])) }
    cases["narrow"] = { try list($0.x.narrow(dim: 1, start: 1, length: 3)) }
    cases["permute"] = { try list($0.x.permute([2, 0, 1])) }
    cases["pixel_shuffle"] = { try list($0.x.pixelShuffle(upscaleFactor: 2)) }
    cases["pixel_unshuffle"] = { try list($0.x.pixelUnshuffle(downscaleFactor: 2)) }
    cases["ravel"] = { try list($0.x.ravel()) }
    cases["repeat"] = { try list($0.x.repeat([2, 1, 2])) }
    cases["repeat_interleave.self_int"] = { try list($0.x.repeatInterleave(2, dim: 1)) }
    cases["repeat_interleave.self_Tensor"] = { try list($0.x.repeatInterleave($0.y, dim: 0)) }
    cases["reshape"] = { try list($0.x.reshape([3, -1])) }
    cases["roll"] = { try list($0.x.roll(shifts: [1, -1], dims: [1, 0])) }
    cases["rot90"] = { try list($0.x.rot90()) }
    cases["select.int"] = { try list($0.x.select(dim: 1, index: -1)) }
    cases["select_scatter"] = { try list($0.x.selectScatter($0.y, dim: 1, index: 2)) }
    cases["slice.Tensor"] = { try list($0.x.slice(dim: 0, start: 1, end: 5, step: 2)) }
    cases["slice_scatter"] = { try list($0.x.sliceScatter($0.y, dim: 0, start: 1, end: 3)) }
    cases["split.Tensor"] = { try list($0.x.split(2)) }
    cases["split.sizes"] = { try list($0.x.split([1, 4])) }
    cases["squeeze"] = { try list($0.x.squeeze()) }
    cases["squeeze.dim"] = { try list($0.x.squeeze(dim: 0)) }
    cases["stack"] = { try list(Tensor.stack([$0.x, $0.y], dim: 1)) }
    cases["t"] = { try list($0.x.t()) }
    cases["tensor_split.sections"] = { try list($0.x.tensorSplit(sections: 3)) }
    cases["tensor_split.indices"] = { try list($0.x.tensorSplit(indices: [1, 3])) }
    cases["tile"] = { try list($0.x.tile([2, 2])) }
    cases["transpose.int"] = { try list($0.x.transpose(0, 2)) }
    cases["tril"] = { try list($0.x.tril(diagonal: -1)) }
    cases["triu"] = { try list($0.x.triu(diagonal: 1)) }
    cases["type_as"] = { try list($0.x.type(as: $0.y)) }
    cases["unbind.int"] = { try list($0.x.unbind(dim: 1)) }
    cases["unflatten.int"] = { try list($0.x.unflatten(dim: 1, sizes: [2, -1])) }
    cases["unfold"] = { try list($0.x.unfold(dimension: 1, size: 3, step: 2)) }
    cases["unsqueeze"] = { try list($0.x.unsqueeze(-1)) }
    cases["view"] = { try list($0.x.view([4, 3])) }
    cases["view.dtype"] = { try list($0.x.view(dtype: .int32)) }
    cases["view_as"] = { try list($0.x.view(as: $0.y)) }
    cases["vstack"] = { try list(Tensor.vstack([$0.x, $0.y])) }
    cases["copy_"] = { input in try inPlace(input.x) { try $0.copy_(input.y) } }
  }
}
