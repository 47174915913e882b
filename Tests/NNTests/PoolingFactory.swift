import MartletCore
import NN
import Torch

extension LayerCase {
  /// Pooling of every kind, and its opposite.
  func pooling(_ c: Config) throws -> Subject? {
    guard file != nil else { return nil }
    let rank = layer.contains("1d") ? 1 : layer.contains("2d") ? 2 : 3
    func sizes(_ key: String, _ otherwise: Int) -> [Int] { c.extent(key, otherwise).extents(rank) }
    let kernel = sizes("kernel", 1), padding = sizes("padding", 0), size = sizes("size", 1)
    let stride: [Int]? = config["stride"] == nil ? nil : sizes("stride", 1)
    if c.bool("indices", false) { return withIndices(kernel, size) }
    if layer.hasPrefix("MaxUnpool") { return unpooling(c, kernel) }
    let ceil = c.bool("ceilMode", false), inside = c.bool("countIncludePad", true), divisor = config["divisor"]?.intValue
    let dilation = sizes("dilation", 1), power = c.double("power")
    let made: (any Layer)? =
      switch layer {
      case "MaxPool1d": MaxPool1d(kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceil)
      case "MaxPool3d": MaxPool3d(kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceil)
      case "AvgPool1d": AvgPool1d(kernel, stride: stride, padding: padding, ceilMode: ceil, countIncludePad: inside)
      case "AvgPool2d": AvgPool2d(kernel, stride: stride, padding: padding, ceilMode: ceil, countIncludePad: inside, divisor: divisor)
      case "AvgPool3d": AvgPool3d(kernel, stride: stride, padding: padding, ceilMode: ceil, countIncludePad: inside, divisor: divisor)
      case "AdaptiveAvgPool1d": AdaptiveAvgPool1d(size)
      case "AdaptiveAvgPool2d": AdaptiveAvgPool2d(size)
      case "AdaptiveAvgPool3d": AdaptiveAvgPool3d(size)
      case "AdaptiveMaxPool1d": AdaptiveMaxPool1d(size)
      case "AdaptiveMaxPool3d": AdaptiveMaxPool3d(size)
      case "LPPool1d": LPPool1d(power, kernel, stride: stride)
      case "LPPool2d": LPPool2d(power, kernel, stride: stride)
      case "LPPool3d": LPPool3d(power, kernel, stride: stride)
      case "FractionalMaxPool2d":
        config["ratio"] == nil ? FractionalMaxPool2d(kernel, size: size) : FractionalMaxPool2d(kernel, ratio: c.double("ratio"))
      case "FractionalMaxPool3d":
        config["ratio"] == nil ? FractionalMaxPool3d(kernel, size: size) : FractionalMaxPool3d(kernel, ratio: c.double("ratio"))
      case "GlobalMaxPool": GlobalMaxPool()
      case "GeneralizedMeanPool": GeneralizedMeanPool(power)
      default: nil
      }
    return made.map { Subject($0) }
  }

  private func withIndices(_ kernel: [Int], _ size: [Int]) -> Subject? {
    func results(_ pair: (values: Tensor, indices: Tensor)) -> [Tensor] { [pair.values, pair.indices] }
    return switch layer {
    case "MaxPool1d": Subject(MaxPool1d(kernel)) { results(try $0.withIndices($1("input"))) }
    case "MaxPool2d": Subject(MaxPool2d(kernel)) { results(try $0.withIndices($1("input"))) }
    case "AdaptiveMaxPool2d": Subject(AdaptiveMaxPool2d(size)) { results(try $0.withIndices($1("input"))) }
    default: nil
    }
  }

  private func unpooling(_ c: Config, _ kernel: [Int]) -> Subject? {
    let size = c.ints("size")
    return switch layer {
    case "MaxUnpool1d": Subject(MaxUnpool1d(kernel)) { [try $0($1("values"), $1("indices"), outputSize: size)] }
    case "MaxUnpool2d": Subject(MaxUnpool2d(kernel)) { [try $0($1("values"), $1("indices"), outputSize: size)] }
    case "MaxUnpool3d": Subject(MaxUnpool3d(kernel)) { [try $0($1("values"), $1("indices"), outputSize: size)] }
    default: nil
    }
  }
}
