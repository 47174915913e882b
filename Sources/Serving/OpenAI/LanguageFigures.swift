import MartletCore
import Web

/// The figures of language models for Prometheus.
enum LanguageFigures {
  static func write(_ languages: LanguageTable, to text: inout PrometheusText) {
    guard !languages.runners.isEmpty else { return }
    let models = languages.runners.map { runner in
      let labels: PrometheusText.Labels = [("model", runner.model.name), ("version", runner.model.version)]
      return (runner: runner, labels: labels, figures: runner.metrics.snapshot)
    }
    func each(_ name: String, _ type: String, _ help: String, _ write: (inout PrometheusText, Int) -> Void) {
      text.family(name, type, help)
      for index in models.indices { write(&text, index) }
    }
    func counter(_ name: String, _ help: String, _ value: (LanguageMetrics.Snapshot) -> UInt64) {
      each(name, "counter", help) { $0.sample(name, models[$1].labels, value(models[$1].figures)) }
    }
    func histogram(_ name: String, _ help: String, _ value: (LanguageMetrics.Snapshot) -> Histogram) {
      each(name, "histogram", help) { $0.samples(name, models[$1].labels, value(models[$1].figures)) }
    }
    each("martlet_language_requests_active", "gauge", "Requests that are computed or wait.") {
      $0.sample("martlet_language_requests_active", models[$1].labels, models[$1].runner.active)
    }
    each("martlet_language_generations_total", "counter", "Generations that have ended, by outcome.") { text, index in
      for outcome in LanguageMetrics.Outcome.allCases {
        let count = models[index].figures.outcomes[outcome] ?? 0
        text.sample("martlet_language_generations_total", models[index].labels + [("outcome", outcome.rawValue)], count)
      }
    }
    counter("martlet_language_prompt_tokens_total", "Tokens of prompts.") { $0.promptTokens }
    counter("martlet_language_cached_tokens_total", "Tokens of prompts that had been computed for another request.") { $0.cachedTokens }
    counter("martlet_language_completion_tokens_total", "Tokens that were generated.") { $0.completionTokens }
    histogram("martlet_language_duration_seconds", "From a request to the end of its generation.") { $0.seconds }
    histogram("martlet_language_first_token_seconds", "From a request to its first token.") { $0.firstTokenSeconds }
    histogram("martlet_language_tokens_per_second", "Tokens in a second after the first one, by request.") { $0.tokensPerSecond }
    counter("martlet_embedding_inputs_total", "Texts that were embedded.") { $0.embeddedInputs }
    counter("martlet_embedding_tokens_total", "Tokens of texts that were embedded.") { $0.embeddedTokens }
    histogram("martlet_embedding_duration_seconds", "Time of one request's embeddings.") { $0.embeddingSeconds }
  }
}
