/// What a JPEG file says about itself before its pixels (ITU-T T.81, annex B).
struct JPEGHeader {
  var width = 0
  var height = 0
  var components = 0
  /// Adobe's marker is there: four-colour pictures hold inverted inks.
  var isAdobe = false
  /// The EXIF orientation, 1 where there is none.
  var orientation = 1

  init(_ reader: ByteReader, source: String) throws(ImageError) {
    var position = 2
    while true {
      guard let marker = Self.nextMarker(reader, &position) else { throw Self.truncated(source) }
      if marker == 0x01 || (0xD0...0xD7).contains(marker) { continue }
      guard marker != 0xD9, marker != 0xDA || components > 0 else {
        throw ImageError(.corrupt, source: source, problem: "is a JPEG file without a picture in it", remedy: ImageError.copyAgain)
      }
      if marker == 0xDA { return }
      guard let length = reader.uint16(position), length >= 2, let segment = reader.slice(position + 2, length - 2) else {
        throw Self.truncated(source)
      }
      position += length
      try read(marker, segment, source)
    }
  }

  private mutating func read(_ marker: Int, _ segment: ByteReader, _ source: String) throws(ImageError) {
    switch marker {
    case 0xC0...0xCF where marker != 0xC4 && marker != 0xC8 && marker != 0xCC && components == 0:
      guard let precision = segment.byte(0), let height = segment.uint16(1), let width = segment.uint16(3), let components = segment.byte(5)
      else { throw Self.truncated(source) }
      guard precision == 8, marker <= 0xC2 || marker == 0xC9 || marker == 0xCA else {
        throw Self.unsupported("JPEG with \(precision == 8 ? "lossless or hierarchical coding" : "\(precision)-bit samples")", source)
      }
      guard [1, 3, 4].contains(components) else { throw Self.unsupported("JPEG with \(components) components", source) }
      (self.width, self.height, self.components) = (width, height, components)
    case 0xE1 where segment.starts(with: "Exif\0\0"):
      if let tiff = segment.slice(6, segment.count - 6) { orientation = Exif.orientation(tiff: tiff) ?? orientation }
    case 0xEE where segment.starts(with: "Adobe") && segment.count >= 12: isAdobe = true
    default: break
    }
  }

  private static func nextMarker(_ reader: ByteReader, _ position: inout Int) -> Int? {
    while let byte = reader.byte(position), byte != 0xFF { position += 1 }
    while let byte = reader.byte(position) {
      position += 1
      if byte != 0xFF { return byte }
    }
    return nil
  }

  private static func truncated(_ source: String) -> ImageError {
    ImageError(
      .truncated, source: source, problem: "is truncated: the JPEG file ends in its header", expected: "a whole JPEG file",
      remedy: ImageError.copyAgain)
  }

  private static func unsupported(_ what: String, _ source: String) -> ImageError {
    ImageError(
      .unsupported, source: source, problem: "\(what) is not supported", expected: "8-bit grey, colour or CMYK JPEG",
      remedy: "convert it to PNG or ordinary JPEG")
  }
}
