import MartletCore
import NN
import Torch

extension LayerCase {
  func convolution(_ c: Config) throws -> Subject? {
    switch layer {
    case "Conv3d": return Subject(conv3d(c, c.extent("kernel"), c.extent("stride"), c.padding, c.extent("dilation")))
    case "ConvTranspose1d", "ConvTranspose3d": break
    case "ConvTranspose2d" where file != nil: break
    default: return nil
    }
    let rank = layer == "ConvTranspose1d" ? 1 : layer == "ConvTranspose2d" ? 2 : 3
    func sizes(_ key: String, _ otherwise: Int) -> [Int] { c.extent(key, otherwise).extents(rank) }
    let kernel = sizes("kernel", 1), stride = sizes("stride", 1), padding = sizes("padding", 0)
    let outputPadding = sizes("outputPadding", 0), dilation = sizes("dilation", 1), groups = c.int("groups", 1)
    let size = c.ints("size"), bias = c.bool("bias", true)
    switch rank {
    case 1:
      let layer = ConvTranspose1d(
        c.int("in"), c.int("out"), kernel: kernel, stride: stride, padding: padding, outputPadding: outputPadding, groups: groups,
        bias: bias, dilation: dilation)
      return Subject(layer) { layer, inputs in
        let x = try inputs("input")
        return [try size.map { try layer(x, outputSize: $0) } ?? layer(x)]
      }
    case 2:
      let layer = ConvTranspose2d(
        c.int("in"), c.int("out"), kernel: kernel, stride: stride, padding: padding, outputPadding: outputPadding, groups: groups,
        bias: bias, dilation: dilation)
      return Subject(layer) { layer, inputs in
        let x = try inputs("input")
        return [try size.map { try layer(x, outputSize: $0) } ?? layer(x)]
      }
    default:
      let layer = ConvTranspose3d(
        c.int("in"), c.int("out"), kernel: kernel, stride: stride, padding: padding, outputPadding: outputPadding, groups: groups,
        bias: bias, dilation: dilation)
      return Subject(layer) { layer, inputs in
        let x = try inputs("input")
        return [try size.map { try layer(x, outputSize: $0) } ?? layer(x)]
      }
    }
  }

  private func conv3d(
    _ c: Config, _ kernel: some SpatialExtent, _ stride: some SpatialExtent, _ padding: some ConvolutionPadding,
    _ dilation: some SpatialExtent
  ) -> any Layer {
    Conv3d(
      c.int("in"), c.int("out"), kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: c.int("groups", 1),
      bias: c.bool("bias", true), paddingMode: c.paddingMode)
  }
}
