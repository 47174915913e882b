/// A predictor that computes on a thread of its own, so that whoever calls it can go there at once instead of by way of another thread.
public protocol ThreadBound: Predictor {
  /// Where it computes.
  var executor: any TaskExecutor { get }
}
