/// Writes the Prometheus text format, version 0.0.4.
package struct PrometheusText {
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  package private(set) var text = ""

  package init() {}

  package typealias Labels = [(name: String, value: String)]

  package mutating func family(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))\n# TYPE \(name) \(type)\n"
  }

  package mutating func sample(_ name: String, _ labels: Labels = [], _ value: some CustomStringConvertible) {
    text += "\(name)\(Self.braces(labels)) \(value)\n"
  }

  package mutating func samples(_ name: String, _ labels: Labels, _ histogram: Histogram) {
    var total: UInt64 = 0
    for (index, count) in histogram.counts.enumerated() {
      total += count
      let bound = index < histogram.bounds.count ? Self.number(histogram.bounds[index]) : "+Inf"
      sample(name + "_bucket", labels + [("le", bound)], total)
    }
    sample(name + "_sum", labels, histogram.sum)
    sample(name + "_count", labels, total)
  }

  package static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : value.description
  }

  package static func braces(_ labels: Labels) -> String {
    labels.isEmpty ? "" : "{" + labels.map { "\($0.name)=\"\(escape($0.value))\"" }.joined(separator: ",") + "}"
  }

  package static func escape(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
