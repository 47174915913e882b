public import Torch

// Pooling and dropout as functions, for a forward pass that is written out.

/// The largest value of each window of `[batch, channels, height, width]`; the windows lie side by side if `stride` is `nil`.
public func maxPool2d(
  _ x: Tensor, _ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, padding: some SpatialExtent = 0,
  dilation: some SpatialExtent = 1, ceilMode: Bool = false
) throws(TorchError) -> Tensor {
  try x.maxPool2d(
    kernelSize: kernel.extents(2), stride: stride?.extents(2) ?? [], padding: padding.extents(2), dilation: dilation.extents(2),
    ceilMode: ceilMode)
}

/// The average of each window of `[batch, channels, height, width]`; the windows lie side by side if `stride` is `nil`.
public func avgPool2d(
  _ x: Tensor, _ kernel: some SpatialExtent, stride: (any SpatialExtent)? = nil, padding: some SpatialExtent = 0,
  ceilMode: Bool = false, countIncludePad: Bool = true
) throws(TorchError) -> Tensor {
  try x.avgPool2d(
    kernelSize: kernel.extents(2), stride: stride?.extents(2) ?? [], padding: padding.extents(2), ceilMode: ceilMode,
    countIncludePad: countIncludePad)
}

/// The average over windows chosen so that the output is `[batch, channels, size…]`.
public func adaptiveAvgPool2d(_ x: Tensor, _ size: some SpatialExtent) throws(TorchError) -> Tensor {
  try x.adaptiveAvgPool2d(outputSize: size.extents(2))
}

/// Sets single values to zero with probability `p` and scales the rest, if `training`; gives `x` back otherwise.
public func dropout(_ x: Tensor, p: Double = 0.5, training: Bool) throws(TorchError) -> Tensor {
  training ? try x.dropout(p: p, train: true) : x
}
