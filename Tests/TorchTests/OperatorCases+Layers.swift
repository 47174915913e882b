@testable import Torch

extension OperatorCases {
  static func addLayers(to cases: inout [String: Call]) {
    cases["conv1d"] = { try list($0.x.conv1d($0.y, $0.z, stride: [2], padding: [1])) }
    cases["conv1d.padding"] = { try list($0.x.conv1d($0.y, padding: "same")) }
    cases["conv2d"] = { try list($0.x.conv2d($0.y, $0.z, stride: [2, 2], padding: [1, 1])) }
    cases["conv2d/groups"] = { try list($0.x.conv2d($0.y, groups: 4)) }
    cases["conv3d"] = { try list($0.x.conv3d($0.y, $0.z)) }
    cases["conv_tbc"] = { try list($0.x.convTbc($0.y, $0.z, pad: 1)) }
    cases["conv_transpose1d"] = { try list($0.x.convTranspose1d($0.y, $0.z, stride: [2], padding: [1], outputPadding: [1])) }
    cases["conv_transpose2d.input"] = { try list($0.x.convTranspose2d($0.y, stride: [2, 2])) }
    cases["convolution"] = {
      try list($0.x.convolution($0.y, nil, stride: [1], padding: [0], dilation: [1], transposed: false, outputPadding: [0], groups: 1))
    }
    cases["im2col"] = { try list($0.x.im2col(kernelSize: [2, 2], dilation: [1, 1], padding: [0, 0], stride: [2, 2])) }
    cases["col2im"] = {
      try list($0.x.col2im(outputSize: [4, 4], kernelSize: [2, 2], dilation: [1, 1], padding: [0, 0], stride: [2, 2]))
    }
    cases["adaptive_avg_pool1d"] = { try list($0.x.adaptiveAvgPool1d(outputSize: [4])) }
    cases["adaptive_avg_pool2d"] = { try list($0.x.adaptiveAvgPool2d(outputSize: [2, 3])) }
    cases["adaptive_max_pool2d"] = { try list($0.x.adaptiveMaxPool2d(outputSize: [2, 3])) }
    cases["avg_pool1d"] = { try list($0.x.avgPool1d(kernelSize: [3], stride: [2], padding: [1])) }
    cases["avg_pool2d"] = { try list($0.x.avgPool2d(kernelSize: [2, 2], stride: [2, 2], padding: [1, 1], countIncludePad: false)) }
    cases["avg_pool3d"] = { try list($0.x.avgPool3d(kernelSize: [2, 2, 2])) }
    cases["fractional_max_pool2d"] = {
      try list($0.x.fractionalMaxPool2d(kernelSize: [2, 2], outputSize: [3, 3], randomSamples: $0.y.div(2.5)))
    }
    cases["max_pool1d"] = { try list($0.x.maxPool1d(kernelSize: [2])) }
    cases["max_pool2d"] = { try list($0.x.maxPool2d(kernelSize: [3, 3], stride: [2, 2], padding: [1, 1])) }
    cases["max_pool2d_with_indices"] = { try list($0.x.maxPool2dWithIndices(kernelSize: [2, 2])) }
    cases["max_pool3d"] = { try list($0.x.maxPool3d(kernelSize: [2, 2, 2])) }
    cases["max_unpool2d"] = { try list($0.x.maxUnpool2d(Tensor([0, 3, 9, 14], shape: [1, 1, 2, 2]).add($0.y), outputSize: [4, 4])) }
    cases["batch_norm"] = {
      try list($0.x.batchNorm($0.y, $0.z, $0.w.clone(), $0.v.clone(), training: true, momentum: 0.1, eps: 1e-5, cudnnEnabled: false))
    }
    cases["batch_norm/eval"] = {
      try list($0.x.batchNorm($0.y, $0.z, $0.w, $0.v, training: false, momentum: 0.1, eps: 1e-5, cudnnEnabled: false))
    }
    cases["native_batch_norm"] = { try list($0.x.nativeBatchNorm($0.y, $0.z, nil, nil, training: true, momentum: 0.1, eps: 1e-5)) }
    cases["group_norm"] = { try list($0.x.groupNorm(numGroups: 2, $0.y, $0.z)) }
    cases["instance_norm"] = {
      try list($0.x.instanceNorm(nil, nil, nil, nil, useInputStats: true, momentum: 0.1, eps: 1e-5, cudnnEnabled: false))
    }
    cases["layer_norm"] = { try list($0.x.layerNorm(normalizedShape: [4], $0.y, $0.z)) }
    cases["rms_norm"] = { try list($0.x.rmsNorm(normalizedShape: [4], $0.y, eps: 1e-6)) }
    cases["linear"] = { try list($0.x.linear($0.y, $0.z)) }
    cases["embedding"] = { try list($0.x.embedding($0.y)) }
    cases["embedding_bag"] = { try list($0.x.embeddingBag($0.y, Tensor([0, 2, 5]), mode: 1).0) }
    cases["one_hot"] = { try list($0.x.oneHot(numClasses: 4)) }
    cases["constant_pad_nd"] = { try list($0.x.constantPadNd(pad: [1, 2], value: 0.5)) }
    cases["pad"] = { try list($0.x.pad([1, 1, 1, 1], mode: "reflect")) }
    cases["_pad_circular"] = { try list($0.x.padCircular([1, 2])) }
    cases["reflection_pad1d"] = { try list($0.x.reflectionPad1d(padding: [1, 2])) }
    cases["replication_pad2d"] = { try list($0.x.replicationPad2d(padding: [1, 1, 2, 0])) }
    cases["pad_sequence"] = { try list(Tensor.padSequence([$0.x, $0.y], batchFirst: true, paddingValue: -1)) }
    cases["affine_grid_generator"] = { try list($0.x.affineGrid(shape: [1, 1, 3, 3], alignCorners: false)) }
    cases["grid_sampler"] = { try list($0.x.gridSampler($0.y, interpolationMode: 0, paddingMode: 0, alignCorners: false)) }
    cases["upsample_bicubic2d"] = { try list($0.x.upsampleBicubic2d(outputSize: [4, 5], alignCorners: false)) }
    cases["upsample_bilinear2d"] = { try list($0.x.upsampleBilinear2d(outputSize: [5, 4], alignCorners: true)) }
    cases["upsample_bilinear2d.vec"] = { try list($0.x.upsampleBilinear2d(outputSize: nil, alignCorners: false, scaleFactors: [2, 2])) }
    cases["_upsample_bilinear2d_aa"] = { try list($0.x.upsampleBilinear2dAntialias(outputSize: [3, 3], alignCorners: false)) }
    cases["upsample_linear1d"] = { try list($0.x.upsampleLinear1d(outputSize: [7], alignCorners: false)) }
    cases["upsample_nearest2d"] = { try list($0.x.upsampleNearest2d(outputSize: [5, 6])) }
    cases["upsample_trilinear3d"] = { try list($0.x.upsampleTrilinear3d(outputSize: [3, 3, 2], alignCorners: false)) }
    cases["scaled_dot_product_attention"] = { try list($0.x.scaledDotProductAttention($0.y, $0.z)) }
    cases["scaled_dot_product_attention/causal"] = { try list($0.x.scaledDotProductAttention($0.y, $0.z, isCausal: true, scale: 0.5)) }
    cases["scaled_dot_product_attention/mask"] = { try list($0.x.scaledDotProductAttention($0.y, $0.z, attnMask: $0.w)) }
    cases["lstm.input"] = {
      try list(
        $0.x.lstm(
          [$0.y, $0.z], [$0.w, $0.v],
          hasBiases: false, numLayers: 1, dropout: 0, train: false, bidirectional: false, batchFirst: false))
    }
    cases["gru.input"] = {
      try list(
        $0.x.gru(
          $0.y, [$0.z, $0.w, $0.v, $0.u],
          hasBiases: true, numLayers: 1, dropout: 0, train: false, bidirectional: false, batchFirst: true))
    }
    cases["rnn_tanh.input"] = {
      try list(
        $0.x.rnnTanh(
          $0.y, [$0.z, $0.w],
          hasBiases: false, numLayers: 1, dropout: 0, train: false, bidirectional: false, batchFirst: false))
    }
    cases["lstm_cell"] = { try list($0.x.lstmCell([$0.y, $0.z], $0.w, $0.v)) }
    cases["gru_cell"] = { try list($0.x.gruCell($0.y, $0.z, $0.w)) }
    cases["lstm.data"] = { try list(packedLSTM($0.x, $0.y, $0.z, $0.w, $0.v)) }
  }
}
