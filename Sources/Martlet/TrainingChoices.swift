import Foundation
import MartletCore
import Models
import Project
import Training

/// What a project's `training` comes to in the trainer's own terms.
extension ProjectTraining {
  /// The one-cycle schedule rises to its `max`, the others start from the optimizer's own rate.
  private var learningRate: Double {
    let rate = optimizer.number("learning-rate") ?? 1e-3
    guard schedule.name == "one-cycle" else { return rate }
    return schedule.number("max") ?? rate * 10
  }

  /// - Parameter stages: the network's stages from the input to the head, for a learning rate that falls from one to the one before it.
  func optimizerChoice(stages: [Stage]) throws -> Training.OptimizerChoice {
    var rules: [ParameterRule] = []
    if decayWeightsOnly { rules.append(.noDecay) }
    if let layerDecay {
      for (distance, stage) in stages.reversed().enumerated() {
        rules.append(.matching(learningRate: pow(layerDecay, Double(distance))) { name, _ in stage.holds(name) })
      }
    }
    let plain = try plainOptimizer(rules)
    return sharpnessAware.map { .sam(plain, radius: $0) } ?? plain
  }

  private func plainOptimizer(_ rules: [ParameterRule]) throws -> Training.OptimizerChoice {
    let rate = learningRate, decay = optimizer.number("weight-decay") ?? 0, epsilon = optimizer.number("epsilon") ?? 1e-8
    let betas = optimizer.numbers("betas"), beta1 = betas.first ?? 0.9, beta2 = betas.last ?? 0.999
    let momentum = optimizer.number("momentum") ?? 0
    switch optimizer.name {
    case "adamw":
      return .adamW(
        learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: decay, amsgrad: optimizer.flag("amsgrad"),
        rules: rules)
    case "adam":
      return .adam(
        learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: decay, amsgrad: optimizer.flag("amsgrad"),
        rules: rules)
    case "sgd":
      return .sgd(
        learningRate: rate, momentum: momentum, dampening: optimizer.number("dampening") ?? 0, weightDecay: decay,
        nesterov: optimizer.flag("nesterov"), rules: rules)
    case "rmsprop":
      return .rmsprop(
        learningRate: rate, alpha: optimizer.number("alpha") ?? 0.99, epsilon: epsilon, weightDecay: decay, momentum: momentum,
        centered: optimizer.flag("centered"), rules: rules)
    case "adagrad":
      return .adagrad(
        learningRate: rate, learningRateDecay: optimizer.number("rate-decay") ?? 0, weightDecay: decay, epsilon: epsilon, rules: rules)
    case "adadelta":
      return .adadelta(learningRate: rate, rho: optimizer.number("rho") ?? 0.9, epsilon: epsilon, weightDecay: decay, rules: rules)
    case "adamax": return .adamax(learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: decay, rules: rules)
    case "nadam":
      return .nadam(
        learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: decay,
        momentumDecay: optimizer.number("momentum-decay") ?? 4e-3, rules: rules)
    case "radam": return .radam(learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: decay, rules: rules)
    case "lion": return .lion(learningRate: rate, beta1: beta1, beta2: beta2, weightDecay: decay, rules: rules)
    case "lamb": return .lamb(learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: decay, rules: rules)
    case "adafactor": return .adafactor(learningRate: rate, weightDecay: decay, rules: rules)
    case "muon":
      return .muon(
        Muon.Settings(learningRate: rate, weightDecay: decay, momentum: momentum),
        rest: AdamW.Settings(learningRate: optimizer.number("rest") ?? 1e-3, weightDecay: decay), rules: rules)
    default:
      throw ArgumentError("there is no optimizer '\(optimizer.name)'", remedy: "martlet schema names them")
    }
  }

  var trainerSchedule: Training.Schedule {
    let rate = learningRate, factor = schedule.number("factor") ?? 0.1
    func final(_ share: Double?) -> Double { (share ?? 0) * rate }
    switch schedule.name {
    case "one-cycle": return .oneCycle(rise: schedule.number("warm-up") ?? 0.3, momentum: MomentumCycle())
    case "cosine": return .cosine(minimum: final(schedule.number("final")), warmup: schedule.number("warm-up") ?? 0)
    case "restarts":
      return .cosineWithRestarts(
        first: schedule.whole("first") ?? 10, factor: schedule.whole("growth") ?? 1, minimum: final(schedule.number("final")))
    case "step": return .step(every: schedule.whole("every") ?? 10, factor: factor)
    case "steps": return .multiStep(schedule.numbers("at").map { Int($0) }, factor: factor)
    case "exponential": return .exponential(factor: factor)
    case "polynomial": return .polynomial(power: schedule.number("power") ?? 1)
    case "plateau":
      let metric = schedule.word("metric") ?? "validation/loss"
      return .plateau(
        metric, metric.hasSuffix("accuracy") ? .maximum : .minimum, factor: factor, patience: schedule.whole("patience") ?? 5)
    default: return .constant
    }
  }

  /// - Parameter freezing: what rests, and until when.
  func trainerOptions(threads: Int, freezing: Freezing?) throws -> TrainerOptions {
    var options = TrainerOptions(clip: clip.map { .norm($0) } ?? clipValue.map { .value($0) }, threads: threads)
    options.accumulate = accumulate
    options.precision = Precision(rawValue: precision.rawValue) ?? .float32
    if penalty.l1 > 0 || penalty.l2 > 0 { options.penalty = Penalty(l1: penalty.l1, l2: penalty.l2, includesBiases: false) }
    options.averaging =
      switch averaging?.name {
      case "ema": .exponential(decay: averaging?.number("decay") ?? 0.999)
      case "swa": .stochastic(from: Int((averaging?.number("start") ?? 0.75) * Double(epochs)))
      default: nil
      }
    let share = mixing?.number("probability") ?? 1
    options.mixing =
      switch mixing?.name {
      case "mix-up": try .mixUp(alpha: mixing?.number("alpha") ?? 0.2, probability: share)
      case "cut-mix": try .cutMix(alpha: mixing?.number("alpha") ?? 1, probability: share)
      case "either":
        try .either(
          mixUp: mixing?.number("mix-up") ?? 0.2, cutMix: mixing?.number("cut-mix") ?? 1, shareOfCutMix: mixing?.number("share") ?? 0.5,
          probability: share)
      default: nil
      }
    options.freezing = freezing
    return options
  }
}
