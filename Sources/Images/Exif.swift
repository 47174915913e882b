/// The one thing that decoding needs from EXIF (JEITA CP-3451): which way up the camera was held.
enum Exif {
  /// - Parameter tiff: the EXIF data from its TIFF header on.
  /// - Returns: the orientation 1…8, or `nil` where the data has none or cannot be followed; a broken note does not spoil a good picture.
  static func orientation(tiff: ByteReader) -> Int? {
    var reader = tiff
    if tiff.starts(with: "II") { reader.isBigEndian = false } else if !tiff.starts(with: "MM") { return nil }
    guard reader.uint16(2) == 42, let directory = reader.uint32(4), let entries = reader.uint16(directory) else { return nil }
    for entry in 0..<entries {
      let start = directory + 2 + entry * 12
      guard let tag = reader.uint16(start) else { return nil }
      guard tag == 0x0112 else { continue }
      guard reader.uint16(start + 2) == 3, reader.uint32(start + 4) == 1, let value = reader.uint16(start + 8) else { return nil }
      return (1...8).contains(value) ? value : nil
    }
    return nil
  }
}
