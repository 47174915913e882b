public import NN
import Torch

/// Looks into a model that is given one batch: a forward and a backward pass, every layer's numbers, and what is wrong with them.
///
/// Weights, running statistics, random state and mode are afterwards as they were; gradients are gone.
/// - Parameters:
///   - loss: what is minimised.
///   - batch: some tens of items tell most.
/// - Throws: `TorchError` where the batch does not fit the model.
public func diagnose(
  _ model: any Layer, loss: Loss, batch: Batch, thresholds: DiagnosisThresholds = DiagnosisThresholds()
) throws -> NetworkDiagnosis {
  try diagnose(model, batch: batch, thresholds: thresholds) { batch in
    let outputs = try model(batch.inputs)
    return StepOutput(loss: try loss(outputs, batch.targets(for: outputs)), outputs: outputs)
  }
}

/// The same for any model: `objective` runs it and computes the loss.
public func diagnose(
  _ model: Module, batch: Batch, thresholds: DiagnosisThresholds = DiagnosisThresholds(), objective: (Batch) throws -> StepOutput
) throws -> NetworkDiagnosis {
  let buffers = try model.namedBuffers().map { ($0.buffer, try $0.buffer.value.clone()) }
  let modes = model.namedModules().map { ($0.module, $0.module.isTraining) }
  let random = try RandomState.save()
  defer {
    model.zeroGradients()
    for (module, isTraining) in modes where module.isTraining != isTraining { module.setTraining(isTraining) }
  }
  model.zeroGradients()
  model.train()
  let probe = LayerProbe(model)
  let loss = try withGrad {
    let output = try objective(batch)
    try output.loss.backward()
    return try output.loss.double()
  }
  probe.cancel()
  for (buffer, value) in buffers { try buffer.assign(value) }
  try RandomState.restore(random)
  return try NetworkDiagnosis(model, probe, loss: loss, step: nil, updates: nil, thresholds)
}
