@testable import Torch

extension OperatorCases {
  static func addActivation(to cases: inout [String: Call]) {
    cases["celu"] = { try list($0.x.celu(alpha: 0.8)) }
    cases["elu"] = { try list($0.x.elu(alpha: 0.7)) }
    cases["gelu"] = { try list($0.x.gelu()) }
    cases["gelu/tanh"] = { try list($0.x.gelu(approximate: "tanh")) }
    cases["glu"] = { try list($0.x.glu(dim: 1)) }
    cases["hardshrink"] = { try list($0.x.hardshrink(lambd: 0.4)) }
    cases["hardsigmoid"] = { try list($0.x.hardsigmoid()) }
    cases["hardswish"] = { try list($0.x.hardswish()) }
    cases["hardtanh"] = { try list($0.x.hardtanh(minVal: -0.5, maxVal: 1)) }
    cases["leaky_relu"] = { try list($0.x.leakyRelu(negativeSlope: 0.2)) }
    cases["log_sigmoid"] = { try list($0.x.logSigmoid()) }
    cases["log_softmax.int"] = { try list($0.x.logSoftmax(dim: 1)) }
    cases["mish"] = { try list($0.x.mish()) }
    cases["prelu"] = { try list($0.x.prelu($0.y)) }
    cases["relu"] = { try list($0.x.relu()) }
    cases["relu6"] = { try list($0.x.mul(5).relu6()) }
    cases["rrelu"] = { try list($0.x.rrelu()) }
    cases["selu"] = { try list($0.x.selu()) }
    cases["sigmoid"] = { try list($0.x.sigmoid()) }
    cases["silu"] = { try list($0.x.silu()) }
    cases["softmax.int"] = { try list($0.x.softmax(dim: 1)) }
    cases["softplus"] = { try list($0.x.softplus(beta: 2)) }
    cases["softshrink"] = { try list($0.x.softshrink()) }
    cases["threshold"] = { try list($0.x.threshold(0.1, value: -2)) }
    cases["binary_cross_entropy"] = { try list($0.x.div(3).binaryCrossEntropy($0.y.div(3))) }
    cases["binary_cross_entropy_with_logits"] = { try list($0.x.binaryCrossEntropyWithLogits($0.y.div(3), nil, $0.z)) }
    cases["cosine_embedding_loss"] = { try list(Tensor.cosineEmbeddingLoss($0.x, $0.y, Tensor([1, -1, 1]), margin: 0.1)) }
    cases["cross_entropy_loss"] = { try list($0.x.crossEntropyLoss($0.y, $0.z, labelSmoothing: 0.1)) }
    cases["cross_entropy_loss/none"] = { try list($0.x.crossEntropyLoss($0.y, reduction: .none, ignoreIndex: 1)) }
    cases["ctc_loss.IntList"] = { try list($0.x.logSoftmax(dim: 2).ctcLoss($0.y, inputLengths: [5, 4], targetLengths: [2, 1])) }
    cases["hinge_embedding_loss"] = { try list($0.x.hingeEmbeddingLoss(Tensor([1, -1, 1]))) }
    cases["huber_loss"] = { try list($0.x.huberLoss($0.y, reduction: .sum, delta: 0.7)) }
    cases["kl_div"] = { try list($0.x.klDiv($0.y, reduction: .none)) }
    cases["l1_loss"] = { try list($0.x.l1Loss($0.y)) }
    cases["margin_ranking_loss"] = { try list(Tensor.marginRankingLoss($0.x, $0.y, Tensor([1, -1, 1]), margin: 0.2)) }
    cases["mse_loss"] = { try list($0.x.mseLoss($0.y, reduction: .sum)) }
    cases["multi_margin_loss"] = { try list($0.x.multiMarginLoss($0.y)) }
    cases["multilabel_margin_loss"] = { try list($0.x.multilabelMarginLoss($0.y)) }
    cases["nll_loss"] = { try list($0.x.nllLoss($0.y)) }
    cases["nll_loss_nd"] = { try list($0.x.nllLossNd($0.y)) }
    cases["poisson_nll_loss"] = { try list($0.x.poissonNllLoss($0.y, logInput: true, full: true, eps: 1e-8, reduction: .mean)) }
    cases["smooth_l1_loss"] = { try list($0.x.smoothL1Loss($0.y, beta: 0.5)) }
    cases["soft_margin_loss"] = { try list($0.x.softMarginLoss(Tensor([1, -1, 1] as [Float]))) }
    cases["triplet_margin_loss"] = { try list(Tensor.tripletMarginLoss($0.x, $0.y, $0.z)) }
  }
}
