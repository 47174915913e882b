import CGeneration
import MartletCore
import Models

/// Fuses and packs the weights of a stack of layers one by one.
///
/// The kernels want heads of a multiple of 16 numbers: smaller ones are filled up with rows and columns of zeros, which change nothing.
struct DecoderBuilder {
  let source: any WeightSource
  private let format: WeightFormat?
  let width: Int
  let headSize: Int
  private(set) var matrices: [PackedMatrix] = []
  /// Those that another stack counts among its own.
  private(set) var shared: [PackedMatrix] = []
  private(set) var vectors: [DecoderVector] = []

  init(_ source: any WeightSource, _ format: WeightFormat?, width: Int, headSize: Int) {
    self.source = source
    self.format = format
    self.width = width
    self.headSize = headSize
  }

  /// The size of a head with its zeros.
  var paddedHead: Int { (headSize + 15) / 16 * 16 }

  /// Everything of the stack but the layers, with what most have.
  func head(_ configuration: DecoderConfiguration, activation: NamedActivation) throws(GenerationError) -> CGDecoder {
    guard let kernel = activation.kernel else {
      throw GenerationError(
        .model, "\(source.source): '\(activation.rawValue)' activations cannot be generated with",
        expected: NamedActivation.allCases.filter { $0.kernel != nil }.map(\.rawValue).joined(separator: ", "))
    }
    var decoder = CGDecoder()
    decoder.hidden = Int64(width)
    decoder.heads = Int64(configuration.heads)
    decoder.keyValueHeads = Int64(configuration.keyValueHeads)
    decoder.headSize = Int64(paddedHead)
    decoder.feedForward = Int64(configuration.hidden)
    decoder.vocabulary = Int64(configuration.vocabulary)
    decoder.attentionScale = Float(1 / Double(headSize).squareRoot())
    decoder.rotaryScale = 1
    decoder.embeddingScale = 1
    decoder.activation = Int32(kernel)
    decoder.halfCache = (matrices + shared).contains { $0.format == .int8 || $0.format == .int4 } ? 1 : 0
    return decoder
  }

  /// Matrices of the same number of columns, one below the other.
  mutating func matrix(_ names: [String], _ rows: [Int], _ columns: Int) throws -> PackedMatrix {
    let matrix = try PackedMatrix(common(names), rows: rows.reduce(0, +), columns: columns)
    var first = 0
    for (name, count) in zip(names, rows) {
      try check(name, [count, columns])
      let start = first
      try source.pack(name, into: matrix) { start + $0 }
      first += count
    }
    matrices.append(matrix)
    return matrix
  }

  /// A table of tokens' vectors.
  mutating func table(_ name: String, _ vocabulary: Int) throws -> PackedMatrix { try matrix([name], [vocabulary], width) }

  /// Uses a matrix of another stack.
  mutating func share(_ matrix: PackedMatrix) -> PackedMatrix {
    shared.append(matrix)
    return matrix
  }

  /// Maps to heads, one below the other, each head filled up.
  mutating func heads(_ names: [String], _ counts: [Int]) throws -> PackedMatrix {
    let (size, padded) = (headSize, paddedHead)
    let matrix = try PackedMatrix(common(names), rows: counts.reduce(0, +) * padded, columns: width)
    var first = 0
    for (name, count) in zip(names, counts) {
      try check(name, [count * size, width])
      let start = first * padded
      try source.pack(name, into: matrix) { start + $0 / size * padded + $0 % size }
      first += count
    }
    matrices.append(matrix)
    return matrix
  }

  /// The vectors added to what ``heads(_:_:)`` gives, or `nil` where none of them is there.
  mutating func headBiases(_ names: [String], _ counts: [Int]) throws -> UnsafePointer<Float>? {
    guard names.contains(where: { source.shape($0) != nil }) else { return nil }
    var result: [Float] = []
    for (name, count) in zip(names, counts) {
      let values = source.shape(name) == nil ? [Float](repeating: 0, count: count * headSize) : try values(name, count * headSize)
      for head in 0..<count {
        result += values[head * headSize..<(head + 1) * headSize] + [Float](repeating: 0, count: paddedHead - headSize)
      }
    }
    return keep(result)
  }

  /// The map of the heads' results, `[width][heads * paddedHead]`.
  mutating func joined(_ name: String, heads count: Int) throws -> PackedMatrix {
    guard paddedHead != headSize else { return try matrix([name], [width], count * headSize) }
    try check(name, [width, count * headSize])
    let values = try source.floats(name)
    let matrix = try PackedMatrix(common([name]), rows: width, columns: count * paddedHead)
    for row in 0..<width {
      var filled = [Float](repeating: 0, count: count * paddedHead)
      for column in 0..<count * headSize {
        filled[column / headSize * paddedHead + column % headSize] = values[row * count * headSize + column]
      }
      matrix.set(row, filled)
    }
    matrices.append(matrix)
    return matrix
  }

  /// 16 rows of the gate, then the 16 rows that they let through, and so on.
  mutating func gated(_ names: [String], hidden: Int, biases: [String]?) throws -> (PackedMatrix, UnsafePointer<Float>?) {
    let rows = (hidden + 15) / 16 * 32
    let matrix = try PackedMatrix(common(names), rows: rows, columns: width)
    var bias = [Float](repeating: 0, count: rows)
    for (half, name) in names.enumerated() {
      try check(name, [hidden, width])
      try source.pack(name, into: matrix) { $0 / 16 * 32 + half * 16 + $0 % 16 }
      if let biases {
        for (row, value) in try values(biases[half], hidden).enumerated() { bias[row / 16 * 32 + half * 16 + row % 16] = value }
      }
    }
    matrices.append(matrix)
    return (matrix, biases == nil ? nil : keep(bias))
  }

  mutating func vector(_ name: String, _ count: Int) throws -> UnsafePointer<Float> { keep(try values(name, count)) }

  /// `nil` where there is none.
  mutating func optionalVector(_ name: String, _ count: Int) throws -> UnsafePointer<Float>? {
    source.shape(name) == nil ? nil : try vector(name, count)
  }

  mutating func keep(_ values: [Float]) -> UnsafePointer<Float> {
    let vector = DecoderVector(values)
    vectors.append(vector)
    return UnsafePointer(vector.address)
  }

  func values(_ name: String, _ count: Int) throws -> [Float] {
    try check(name, [count])
    return try source.floats(name)
  }

  /// The format that was asked for, or the finest of those that the parts have.
  private func common(_ names: [String]) -> WeightFormat {
    if let format { return format }
    let formats = Set(names.map(source.natural))
    return [.float32, .bfloat16, .int8, .int4].first(where: formats.contains) ?? .float32
  }

  func check(_ name: String, _ shape: [Int]) throws(GenerationError) {
    guard let found = source.shape(name) else {
      throw GenerationError(.model, "\(source.source) has no tensor '\(name)'", expected: "one of shape \(shape)")
    }
    guard found == shape else {
      throw GenerationError(.model, "\(source.source): tensor '\(name)' has shape \(found)", expected: "\(shape)")
    }
  }
}
