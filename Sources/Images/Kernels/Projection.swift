import Foundation

/// A place in a picture, in pixels from its upper left corner: the centre of the first pixel is (0.5, 0.5).
public struct ImagePoint: Sendable, Hashable, Codable {
  public var x, y: Double

  public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// How a pixel is made from its neighbours when a picture is warped.
public enum Interpolation: String, Sendable, Hashable, Codable, CaseIterable {
  /// The nearest pixel.
  case nearest
  /// A weighted mean of the four pixels around.
  case bilinear
}

/// A map of the plane that keeps lines straight: turns, moves, zooms, shears and perspectives, and any of them one after the other.
///
/// Given to `Image.warped`, it says where in the source a place of the result comes from.
public struct Projection: Sendable, Hashable {
  /// Nine numbers, row by row.
  let matrix: [Double]

  init(matrix: [Double]) { self.matrix = matrix }

  /// Leaves every place where it is.
  public static let identity = Projection(matrix: [1, 0, 0, 0, 1, 0, 0, 0, 1])

  /// A turn, zoom, shear and move about a centre, as `torchvision.transforms.v2.functional.affine` defines it.
  /// - Parameters:
  ///   - degrees: clockwise.
  ///   - scale: above 1 enlarges.
  ///   - shear: degrees along x and y.
  ///   - shift: pixels to the right and down, applied last.
  ///   - centre: what stays in place but for the shift.
  /// - Returns: the map from the result to the source, for `Image.warped`.
  public static func affine(
    degrees: Double = 0, scale: Double = 1, shear: (x: Double, y: Double) = (0, 0), shift: (x: Double, y: Double) = (0, 0),
    centre: ImagePoint
  ) -> Projection {
    let (turn, shearX, shearY) = (degrees * .pi / 180, shear.x * .pi / 180, shear.y * .pi / 180)
    let a = cos(turn - shearY) / cos(shearY), b = -(a * tan(shearX) + sin(turn))
    let c = sin(turn - shearY) / cos(shearY), d = cos(turn) - c * tan(shearX)
    var m = [d / scale, -b / scale, 0, -c / scale, a / scale, 0, 0, 0, 1]
    m[2] = centre.x - m[0] * (centre.x + shift.x) - m[1] * (centre.y + shift.y)
    m[5] = centre.y - m[3] * (centre.x + shift.x) - m[4] * (centre.y + shift.y)
    return Projection(matrix: m)
  }

  /// The map that brings four corners to four others.
  /// - Returns: the map from the result to the source, or `nil` if three of the corners lie on a line.
  public static func perspective(from start: [ImagePoint], to end: [ImagePoint]) -> Projection? {
    guard start.count == 4, end.count == 4 else { return nil }
    // Eight equations, linear in the eight numbers: Gauss with the largest pivot.
    var rows: [[Double]] = []
    for (s, e) in zip(start, end) {
      rows.append([e.x, e.y, 1, 0, 0, 0, -s.x * e.x, -s.x * e.y, s.x])
      rows.append([0, 0, 0, e.x, e.y, 1, -s.y * e.x, -s.y * e.y, s.y])
    }
    for column in 0..<8 {
      guard let pivot = (column..<8).max(by: { abs(rows[$0][column]) < abs(rows[$1][column]) }), abs(rows[pivot][column]) > 1e-9 else {
        return nil
      }
      rows.swapAt(column, pivot)
      for row in 0..<8 where row != column {
        let factor = rows[row][column] / rows[column][column]
        for cell in column..<9 { rows[row][cell] -= factor * rows[column][cell] }
      }
    }
    return Projection(matrix: (0..<8).map { rows[$0][8] / rows[$0][$0] } + [1])
  }

  /// Where a place goes.
  public func callAsFunction(_ point: ImagePoint) -> ImagePoint {
    let m = matrix
    let z = m[6] * point.x + m[7] * point.y + m[8]
    return ImagePoint((m[0] * point.x + m[1] * point.y + m[2]) / z, (m[3] * point.x + m[4] * point.y + m[5]) / z)
  }

  /// The way back, or `nil` where there is none.
  public var inverse: Projection? {
    let m = matrix
    func minor(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Double { m[a] * m[d] - m[b] * m[c] }
    let determinant = m[0] * minor(4, 5, 7, 8) - m[1] * minor(3, 5, 6, 8) + m[2] * minor(3, 4, 6, 7)
    guard abs(determinant) > 1e-12 else { return nil }
    let adjugate = [
      minor(4, 5, 7, 8), -minor(1, 2, 7, 8), minor(1, 2, 4, 5), -minor(3, 5, 6, 8), minor(0, 2, 6, 8), -minor(0, 2, 3, 5),
      minor(3, 4, 6, 7), -minor(0, 1, 6, 7), minor(0, 1, 3, 4),
    ]
    return Projection(matrix: adjugate.map { $0 / determinant })
  }
}
