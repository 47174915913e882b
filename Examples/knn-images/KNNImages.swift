import Martlet

/// Pictures without a network: the handwritten digits whose pixels are nearest decide. scripts/fetch-data digits
@main struct KNNImages {
  static func main() throws {
    let pictures = try FetchedImages("digits").training
    for neighbours in [1, 3, 5] {
      let accuracy = try accuracy(pictures, neighbours: neighbours)
      print("\(neighbours) nearest of \(pictures.count * 4 / 5): \((accuracy * 1000).rounded() / 10) % right")
    }
  }

  /// A row a picture, a column a pixel from 0 to 1.
  static func pixels(_ pictures: any ImageDataset, _ items: [Int]) throws -> (FeatureMatrix, Target) {
    let first = try pictures.image(0)
    let preparation = try ImagePreparation(mode: .grey, width: first.width, height: first.height)
    var values: [Double] = []
    for item in items { values += try preparation.floats(try pictures.image(item)).map(Double.init) }
    let names = (0..<first.width * first.height).map { "pixel \($0)" }
    let matrix = try FeatureMatrix(rows: items.count, names: names, values: values)
    return (matrix, .classes(items.map { Int(pictures.labels[$0]) }, labels: pictures.classes))
  }

  /// Every fifth picture judges, the others are looked among.
  static func accuracy(_ pictures: any ImageDataset, neighbours: Int, limit: Int = .max) throws -> Double {
    var random = KeyedRandom(seed: 1, purpose: "pictures")
    let items = Array((0..<pictures.count).shuffled(using: &random).prefix(limit))
    let judged = items.indices.filter { $0 % 5 == 0 }.map { items[$0] }, known = items.indices.filter { $0 % 5 != 0 }.map { items[$0] }
    let (x, y) = try pixels(pictures, known)
    let (questions, truth) = try pixels(pictures, judged)
    guard let model = try Neighbours(neighbours: neighbours).fit(x, y, weights: nil, context: FitContext()) as? any FittedClassifier,
      case .classes(let classes, _) = truth
    else { return 0 }
    return Double(zip(try model.classes(questions), classes).count { $0 == $1 }) / Double(classes.count)
  }
}
