import Torch

extension Initializer {
  /// The identity matrix, as far as it goes: a linear layer begins by handing its inputs on (`torch.nn.init.eye_`).
  public static let identity = Initializer(
    "identity",
    inPlace: { (tensor) throws(TorchError) in
      guard tensor.ndim == 2 else {
        throw TorchError.layer("a tensor of shape \(tensor.shape) is no matrix", in: "identity", expected: "two dimensions")
      }
      try tensor.copy_(Tensor.eye(tensor.shape[0], tensor.shape[1], dtype: tensor.dtype, device: tensor.device))
    })

  /// One in the middle of each channel's own filter: a convolution begins by handing its channels on (`torch.nn.init.dirac_`).
  /// - Parameter groups: the layer's groups; each hands its own channels on.
  public static func dirac(groups: Int = 1) -> Initializer {
    Initializer(
      "dirac",
      inPlace: { (tensor) throws(TorchError) in
        let shape = tensor.shape
        guard (3...5).contains(shape.count) else {
          throw TorchError.layer("a tensor of shape \(shape) is no convolution's weight", in: "dirac", expected: "three to five dimensions")
        }
        guard groups > 0, shape[0].isMultiple(of: groups) else {
          throw TorchError.layer("\(shape[0]) channels do not make \(groups) groups", in: "dirac", expected: "a divisor of \(shape[0])")
        }
        try tensor.zero_()
        guard tensor.count > 0 else { return }
        var middle = tensor
        for size in shape.dropFirst(2) { middle = try middle.select(dim: 2, index: size / 2) }
        let perGroup = shape[0] / groups
        for group in 0..<groups {
          try middle.narrow(dim: 0, start: group * perGroup, length: perGroup).diagonal().fill_(1)
        }
      })
  }

  /// Normal numbers with a share of zeros in each column (Martens 2010, "Deep learning via Hessian-free optimization").
  /// - Parameters:
  ///   - sparsity: the share of each column's rows that are 0, in 0…1.
  ///   - std: the others' standard deviation.
  public static func sparse(sparsity: Double, std: Double = 0.01) -> Initializer {
    Initializer(
      "sparse",
      inPlace: { (tensor) throws(TorchError) in
        guard tensor.ndim == 2 else {
          throw TorchError.layer("a tensor of shape \(tensor.shape) is no matrix", in: "sparse", expected: "two dimensions")
        }
        guard (0...1).contains(sparsity), std >= 0 else {
          throw TorchError.layer("a sparsity of \(sparsity) with std \(std)", in: "sparse", expected: "a share in 0…1 and 0 or more")
        }
        let (rows, columns) = (tensor.shape[0], tensor.shape[1])
        let zeros = Int((sparsity * Double(rows)).rounded(.up))
        try tensor.normal_(mean: 0, std: std)
        // One permutation a column, as PyTorch draws them.
        for column in 0..<columns {
          let chosen = try Tensor.randperm(rows).narrow(dim: 0, start: 0, length: zeros)
          let values = try tensor.select(dim: 1, index: column)
          try values.copy_(values.indexFill(dim: 0, chosen.to(device: tensor.device), 0))
        }
      })
  }
}
