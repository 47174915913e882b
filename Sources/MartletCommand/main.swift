import Commands

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// The front program answers what needs no libtorch, so that `martlet --help` is there at once, and becomes the engine for the rest.
let arguments = Array(CommandLine.arguments.dropFirst())
let output = StandardOutput()

if Commands.needsEngine(arguments) {
  let failure = EngineProgram.become(arguments: arguments)
  exit(Commands.report(failure, arguments: arguments, output: output))
}
exit(await Commands.execute(arguments: arguments, output: output))
