import MartletCore

/// Any key: unknown ones are answered with the nearest known one instead of being passed over.
struct TransformKey: CodingKey, ExpressibleByStringLiteral {
  let stringValue: String
  var intValue: Int? { nil }
  init(_ name: String) { stringValue = name }
  init(stringLiteral value: String) { stringValue = value }
  init?(stringValue: String) { self.init(stringValue) }
  init?(intValue: Int) { nil }
}

/// The value beside a transform's key: a mapping of known settings, or one short value.
struct TransformSettings {
  let key: TransformKey
  let outer: KeyedDecodingContainer<TransformKey>
  let inner: KeyedDecodingContainer<TransformKey>?

  init(_ key: TransformKey, _ outer: KeyedDecodingContainer<TransformKey>, _ allowed: [String]) throws {
    self.key = key
    self.outer = outer
    inner = try? outer.nestedContainer(keyedBy: TransformKey.self, forKey: key)
    for setting in inner?.allKeys ?? [] where !allowed.contains(setting.stringValue) {
      let guess = NearestName.of(setting.stringValue, among: allowed).map { "; did you mean '\($0)'?" } ?? ""
      throw DecodingError.dataCorruptedError(
        forKey: key, in: outer,
        debugDescription:
          "\(key.stringValue): unknown setting '\(setting.stringValue)'; expected \(allowed.joined(separator: ", "))\(guess)")
    }
  }

  /// There is no mapping beside the key.
  var isShort: Bool { inner == nil }

  func single<Value: Decodable>(_ type: Value.Type) -> Value? { inner == nil ? try? outer.decode(type, forKey: key) : nil }

  func value<Value: Decodable>(_ name: String, _ type: Value.Type) throws -> Value? {
    try inner?.decodeIfPresent(type, forKey: TransformKey(name))
  }

  /// The short form, or the setting of that name.
  func short<Value: Decodable>(_ type: Value.Type, or name: String) throws -> Value {
    if let inner { return try inner.decode(type, forKey: TransformKey(name)) }
    return try outer.decode(type, forKey: key)
  }

  func fill() throws -> UInt8 { try value("fill", UInt8.self) ?? 0 }

  /// A number for a square, [height, width], or the settings `size`, or `width` and `height`.
  func size(required: Bool) throws -> (width: Int, height: Int)? {
    if let inner {
      let (width, height) = (try value("width", Int.self), try value("height", Int.self))
      if let width, let height { return (width, height) }
      if width == nil, height == nil, inner.contains("size") { return try Self.pair(inner, "size") }
      if width == nil, height == nil, !required { return nil }
      throw DecodingError.dataCorruptedError(
        forKey: key, in: outer, debugDescription: "\(key.stringValue): expected size, or both width and height")
    }
    return try Self.pair(outer, key)
  }

  private static func pair(_ container: KeyedDecodingContainer<TransformKey>, _ key: TransformKey) throws -> (width: Int, height: Int) {
    if let side = try? container.decode(Int.self, forKey: key) { return (side, side) }
    guard let sides = try? container.decode([Int].self, forKey: key), sides.count == 2 else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: container, debugDescription: "\(key.stringValue): expected a number of pixels, or [height, width]")
    }
    return (sides[1], sides[0])
  }
}
