import Synchronization
public import Torch

/// One call of one module, as an observer sees it.
public struct ForwardEvent {
  /// Where the module lies below the observed one: `features.3`, "" for that one itself.
  public let path: String
  /// The module that was called.
  public let module: Module
  /// What it got.
  public let inputs: [Tensor]
  /// What it gave.
  public let outputs: [Tensor]
}

/// What ``Module/observeForward(_:)`` gives: observation goes on until it is cancelled or let go.
public final class ForwardObservation {
  private let modules: [Module]

  /// Observations that go on, in the whole process.
  static let active = Atomic<Int>(0)

  init(modules: [Module]) {
    self.modules = modules
    Self.active.add(1, ordering: .relaxed)
  }

  /// Ends the observation. A second call does nothing.
  public func cancel() {
    let identity = ObjectIdentifier(self)
    for module in modules {
      module.observers?.removeAll { $0.identity == identity }
      if module.observers?.isEmpty == true { module.observers = nil }
    }
  }

  deinit {
    cancel()
    Self.active.subtract(1, ordering: .relaxed)
  }
}

struct ForwardObserver {
  let identity: ObjectIdentifier
  let path: String
  let begin: ((String, Module) -> Void)?
  let notify: (ForwardEvent) throws -> Void
}

extension Module {
  /// Calls `body` after every call of this module and of each below it (those that run through ``observed(_:_:)``, as all layers here do).
  ///
  /// An error that `body` throws ends the forward pass. Without observers a call costs two comparisons more.
  /// - Parameters:
  ///   - begin: hears of the path and the module before each call: with it a profile can tell a layer's own time from its children's.
  ///   - body: hears of the finished call.
  /// - Returns: the observation; keep it as long as it shall go on.
  public final func observeForward(
    begin: ((_ path: String, _ module: Module) -> Void)? = nil, _ body: @escaping (ForwardEvent) throws -> Void
  ) -> ForwardObservation {
    let found = namedModules()
    let observation = ForwardObservation(modules: found.map(\.module))
    for (path, module) in found {
      let observer = ForwardObserver(identity: ObjectIdentifier(observation), path: path, begin: begin, notify: body)
      module.observers = (module.observers ?? []) + [observer]
    }
    return observation
  }

  /// Runs a layer's work: errors get the layer's name, path and what it expects, and observers hear of the call.
  /// - Parameter body: computes the output from the input.
  public final func observed(_ input: Tensor, _ body: (Tensor) throws -> Tensor) throws(TorchError) -> Tensor {
    // The outermost module comes here first and names all below.
    if !isNamed { _ = structure }
    if let observers { for observer in observers { observer.begin?(observer.path, self) } }
    let output: Tensor
    do {
      output = try body(input)
    } catch {
      throw explained(TorchError(thrown: error, by: "\(Self.self)"), inputs: [input])
    }
    if observers != nil { try notifyObservers(inputs: [input], outputs: [output]) }
    return output
  }

  /// The same for a module with several inputs or outputs.
  public final func observed(_ inputs: [Tensor], _ body: ([Tensor]) throws -> [Tensor]) throws(TorchError) -> [Tensor] {
    if !isNamed { _ = structure }
    if let observers { for observer in observers { observer.begin?(observer.path, self) } }
    let outputs: [Tensor]
    do {
      outputs = try body(inputs)
    } catch {
      throw explained(TorchError(thrown: error, by: "\(Self.self)"), inputs: inputs)
    }
    if observers != nil { try notifyObservers(inputs: inputs, outputs: outputs) }
    return outputs
  }

  private func notifyObservers(inputs: [Tensor], outputs: [Tensor]) throws(TorchError) {
    for observer in observers ?? [] {
      do {
        try observer.notify(ForwardEvent(path: observer.path, module: self, inputs: inputs, outputs: outputs))
      } catch {
        throw TorchError(thrown: error, by: "an observer of '\(observer.path)'")
      }
    }
  }
}
