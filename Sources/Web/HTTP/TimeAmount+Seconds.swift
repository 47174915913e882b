package import NIOCore

extension TimeAmount {
  /// As Prometheus, logs and people count.
  package var seconds: Double { Double(nanoseconds) / 1e9 }
}
