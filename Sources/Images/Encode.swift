public import Foundation
import MartletCore

extension Image {
  /// The picture as a JPEG, PNG or WebP file.
  /// - Parameter background: what shows through where JPEG, which has no transparency, needs something.
  /// - Throws: `ImageError` for a quality or level out of range, a side too long for the format, or WebP without libwebp.
  public func encoded(as format: ImageFormat, background: Colour = .white) throws(ImageError) -> Data {
    switch format {
    case .jpeg(let quality): Data(try JPEG.encode(self, quality: quality, background: background))
    case .png(let level): Data(try PNG.encode(self, level: level))
    case .webp(let quality): Data(try WebP.encode(self, quality: quality))
    }
  }

  /// Writes the picture whole or not at all; an existing file is replaced.
  /// - Parameter format: `nil` asks the path's extension (`.jpg`, `.jpeg`, `.png`, `.webp`).
  /// - Throws: `ImageError` for an unknown extension or a failure to write.
  public func write(to path: String, as format: ImageFormat? = nil, background: Colour = .white) throws(ImageError) {
    guard let format = format ?? ImageFormat(path: path) else {
      throw ImageError(
        .unsupported, source: path, problem: "its extension names no format that can be written", expected: ".png, .jpg, .jpeg or .webp")
    }
    let data = try encoded(as: format, background: background)
    do {
      try AtomicFile.write(data, to: path)
    } catch {
      let reason = error.problem.dropFirst(path.count + 2)
      throw ImageError(.unreadable, source: path, problem: String(reason), remedy: error.remedy)
    }
  }
}
