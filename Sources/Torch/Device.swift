import CTorch

/// Where a tensor's memory is.
public struct Device: Sendable, Hashable, CustomStringConvertible {
  /// The kind of device. Raw values are libtorch's `DeviceType` numbers.
  public enum Kind: Int32, Sendable, Hashable {
    case cpu = 0
    case cuda = 1
    case xpu = 12
    case mps = 13
    case meta = 14
  }

  public let kind: Kind
  /// Which of several; `nil` is the current one.
  public let index: Int?

  public init(_ kind: Kind, index: Int? = nil) {
    self.kind = kind
    self.index = index
  }

  public static let cpu = Device(.cpu)
  /// The current NVIDIA GPU.
  public static let cuda = Device(.cuda)
  public static func cuda(_ index: Int) -> Device { Device(.cuda, index: index) }
  /// Shapes and types without memory.
  public static let meta = Device(.meta)

  /// Parses `cpu`, `cuda`, `cuda:1` …
  public init?(_ name: String) {
    let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let kinds: [Substring: Kind] = ["cpu": .cpu, "cuda": .cuda, "xpu": .xpu, "mps": .mps, "meta": .meta]
    guard let kind = parts.first.flatMap({ kinds[$0] }) else { return nil }
    if parts.count == 2 {
      guard let index = Int(parts[1]), (0..<128).contains(index) else { return nil }
      self.init(kind, index: index)
    } else {
      self.init(kind)
    }
  }

  init(_ device: CTDevice) {
    // Kinds outside the list (vendor plug-ins) never come from this package's own calls.
    self.init(Kind(rawValue: device.type) ?? .meta, index: device.index < 0 || device.type == 0 ? nil : Int(device.index))
  }

  var c: CTDevice { CTDevice(type: kind.rawValue, index: index.map(Int32.init) ?? -1) }
  static let none = CTDevice(type: -1, index: -1)

  /// The number of NVIDIA GPUs that libtorch can use: 0 with the CPU build.
  public static var cudaCount: Int { Int(ct_cuda_device_count()) }

  public var description: String {
    let name =
      switch kind {
      case .cpu: "cpu"
      case .cuda: "cuda"
      case .xpu: "xpu"
      case .mps: "mps"
      case .meta: "meta"
      }
    return index.map { "\(name):\($0)" } ?? name
  }
}

/// How a tensor's elements are stored. Raw values are libtorch's `Layout` numbers.
public enum Layout: Int32, Sendable, Hashable {
  case strided = 0
  case sparse = 1
  case sparseCsr = 2
}

/// The order of dimensions in memory. Raw values are libtorch's `MemoryFormat` numbers.
public enum MemoryFormat: Int32, Sendable, Hashable {
  case contiguous = 0
  case preserve = 1
  /// `[batch, channels, height, width]` stored with channels innermost.
  case channelsLast = 2
  case channelsLast3d = 3
}
