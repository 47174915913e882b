import Web

/// The figures under the names that Triton gives them, so that its dashboards and alerts work here.
enum TritonFigures {
  static func write(_ runners: [ModelRunner], to text: inout PrometheusText) {
    let models = runners.map { runner in
      let labels: PrometheusText.Labels = [("model", runner.model.name), ("version", runner.model.version)]
      return (labels: labels, waiting: runner.queueDepth, figures: runner.metrics.snapshot.statistics)
    }
    func family(_ name: String, _ help: String, _ type: String = "counter", _ value: (ModelStatistics) -> UInt64) {
      text.family(name, type, help)
      for model in models { text.sample(name, model.labels, value(model.figures)) }
    }
    family("nv_inference_request_success", "Requests that succeeded.") { $0.success.count }
    family("nv_inference_request_failure", "Requests that failed.") { $0.fail.count }
    family("nv_inference_count", "Items computed.") { $0.inferenceCount }
    family("nv_inference_exec_count", "Calls of the model.") { $0.executionCount }
    family("nv_inference_request_duration_us", "From submission to answer, in microseconds.") { $0.success.nanoseconds / 1000 }
    family("nv_inference_queue_duration_us", "Waiting, in microseconds.") { $0.queue.nanoseconds / 1000 }
    family("nv_inference_compute_input_duration_us", "Joining inputs, in microseconds.") { $0.computeInput.nanoseconds / 1000 }
    family("nv_inference_compute_infer_duration_us", "The model's own work, in microseconds.") { $0.computeInfer.nanoseconds / 1000 }
    family("nv_inference_compute_output_duration_us", "Splitting outputs, in microseconds.") { $0.computeOutput.nanoseconds / 1000 }
    text.family("nv_inference_pending_request_count", "gauge", "Requests that wait.")
    for model in models { text.sample("nv_inference_pending_request_count", model.labels, model.waiting) }
    family("nv_cache_num_hits_per_model", "Answers from the cache.") { $0.cacheHit.count }
    family("nv_cache_num_misses_per_model", "Requests that were not in the cache.") { $0.cacheMiss.count }
  }
}
