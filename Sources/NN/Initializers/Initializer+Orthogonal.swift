import Torch

extension Initializer {
  /// Orthogonal rows or columns, dimensions after the first taken together (Saxe et al. 2013, arXiv:1312.6120).
  public static func orthogonal(gain: Double = 1) -> Initializer {
    Initializer(
      "orthogonal",
      inPlace: { (tensor) throws(TorchError) in
        guard tensor.ndim >= 2 else {
          throw TorchError.layer(
            "a tensor of shape \(tensor.shape) is no matrix", in: "orthogonal", expected: "two or more dimensions")
        }
        guard tensor.count > 0 else { return }
        let shape = tensor.shape
        let rows = shape[0], columns = tensor.count / rows
        let drawn = try Tensor.empty([rows, columns], dtype: tensor.dtype, device: tensor.device)
        try drawn.normal_(mean: 0, std: 1)
        let (q, r) = try (rows < columns ? drawn.t() : drawn).linalgQr()
        // The signs make the distribution uniform over orthogonal matrices (Mezzadri 2006, arXiv:math-ph/0609050).
        let uniform = try q * r.diagonal().sign()
        try tensor.copy_((rows < columns ? uniform.t() : uniform).reshape(shape))
        try tensor.mul_(Scalar(gain))
      })
  }
}
