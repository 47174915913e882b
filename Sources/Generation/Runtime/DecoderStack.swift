import CGeneration
import Models

/// A decoder or an encoder as the kernels want it: C structures and what they point to.
///
/// `@unchecked Sendable`: nothing changes after the initialiser.
final class DecoderStack: @unchecked Sendable {
  let raw: UnsafeMutablePointer<CGDecoder>
  let layers: [LayerParts]
  private let matrices: [PackedMatrix]
  private let shared: [PackedMatrix]
  private let vectors: [DecoderVector]
  private let rawLayers: UnsafeMutablePointer<CGLayer>
  private let rawCrosses: UnsafeMutablePointer<CGCross>

  /// What a layer consists of.
  struct LayerParts {
    var layer: CGLayer
    var cross: CGCross?
  }

  /// - Parameter head: everything but the layers.
  init(_ head: CGDecoder, _ layers: [LayerParts], _ builder: DecoderBuilder) {
    self.layers = layers
    matrices = builder.matrices
    shared = builder.shared
    vectors = builder.vectors
    rawLayers = .allocate(capacity: max(layers.count, 1))
    rawCrosses = .allocate(capacity: max(layers.count, 1))
    for (index, parts) in layers.enumerated() {
      var layer = parts.layer
      if let cross = parts.cross {
        (rawCrosses + index).initialize(to: cross)
        layer.cross = UnsafePointer(rawCrosses + index)
      }
      (rawLayers + index).initialize(to: layer)
    }
    var decoder = head
    decoder.layerCount = Int64(layers.count)
    decoder.layers = UnsafePointer(rawLayers)
    raw = .allocate(capacity: 1)
    raw.initialize(to: decoder)
  }

  deinit {
    raw.deallocate()
    rawLayers.deallocate()
    rawCrosses.deallocate()
  }

  /// Bytes of the packed weights.
  var bytes: Int { matrices.reduce(0) { $0 + $1.bytes } }
  /// Whether keys and values are kept as float16.
  var keepsHalves: Bool { raw.pointee.halfCache == 1 }
  /// Bytes of the keys and values of 16 tokens.
  var pageBytes: Int { Int(cg_page_bytes(raw)) }
}

/// Numbers at an address that does not change.
final class DecoderVector {
  let address: UnsafeMutablePointer<Float>
  init(_ values: [Float]) {
    address = .allocate(capacity: max(values.count, 1))
    address.initialize(from: values, count: values.count)
  }
  deinit { address.deallocate() }
}

extension NamedActivation {
  /// The number that the kernels have for it, or `nil` where they lack it.
  var kernel: Int? {
    switch self {
    case .silu, .swish: Int(CG_SILU)
    case .relu: Int(CG_RELU)
    case .gelu: Int(CG_GELU)
    case .geluNew, .geluTanh, .geluFast: Int(CG_GELU_TANH)
    default: nil
    }
  }
}
