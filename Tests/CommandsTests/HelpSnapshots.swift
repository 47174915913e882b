/// What `--help` prints at 100 columns, by command.
enum HelpSnapshots {
  static let all: [String: String] = [
    "": """
    OVERVIEW: Takes a model from raw data to production and keeps it there.

    NAME@V names a version: fashion (the newest), fashion@3, fashion@production.
    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a gate said no.

    USAGE: martlet <command> [<arguments>] [--json] [--quiet] [--registry <path>]

    OPTIONS:
      --version               Show the version.
      -h, --help              Show help information.

    WORK SUBCOMMANDS:
      init                    Look at a table or at texts and write a project for them.
      run                     Train, judge and register: the whole journey.
      train                   Train only; nothing is registered.
      evaluate                Judge a version on the project's test part.
      predict                 Ask a version about pictures, texts or the rows of tables.
      serve                   Answer over HTTP until stopped.
      stream                  Answer messages of Kafka or RabbitMQ until stopped.
      launch                  Start a command in many processes that train together.
      data                    Look at data.

    LANGUAGE SUBCOMMANDS:
      import                  Register a model that somebody else trained.
      generate                Let a language model continue a text.
      chat                    Talk to a language model.
      embed                   Turn texts into vectors, a text a line.
      route                   Put several language models behind one name, by the caller's language.

    MODELS SUBCOMMANDS:
      models                  List the models, or the versions of one.
      show                    Everything about one version.
      compare                 What is different between two versions.
      promote                 Point an alias at a version.
      rollback                Point an alias back at the version that it pointed at before.
      protect                 Say what an alias asks for before it moves.
      approve                 Agree to a request for an alias, or list what waits.
      sign                    Sign a version: every file of it, by its manifest.
      export                  Write a version as a directory that serves it without a registry.
      tag                     Give a version tags, or take them away.
      note                    Write a note on a version, in place of the old one.

    RELEASES SUBCOMMANDS:
      release                 Move the traffic of a served model to another version, step by step.
      deploy                  Write the files that run models elsewhere: images, clusters, pipelines,
                              alerts.
      cost                    What the models, versions and callers of a running server have cost.

    UPKEEP SUBCOMMANDS:
      verify                  Compare every file of a version, or of all, with its SHA-256.
      audit                   Who did what, and whether the log was changed.
      delete                  Delete a version for good.
      retention               Say which versions are kept, and delete the others.
      gc                      Free the space of deleted versions and of what killed processes left.
      backup                  Write the registry as it is now into a folder, while others use it.
      restore                 Fill a new registry from a backup.
      keys                    API keys of servers; keys that encrypt files and sign versions.
      webhooks                Addresses that are told what happens in the registry.
      schema                  Print the JSON Schema of martlet.yml.
      doctor                  Look at the installation and say how to mend what is missing.

      See 'martlet help <subcommand>' for detailed help.

    """,
    "init": """
    OVERVIEW: Look at a table or at texts and write a project for them.

    The martlet.yml runs as it is; its comments say what was noticed and what can be changed.

    USAGE: martlet init <table> [--target <column>] [--task <task>] [--output <folder>] [--force] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <table>                 The table (CSV, Parquet, Arrow or JSON Lines), the file of texts (CoNLL's
                              tags, too), or the folder of texts or of classes.

    OPTIONS:
      --target <column>       The column to learn. Texts with classes, tags or partners are recognised
                              without.
      --task <task>           classification, regression, clustering or anomaly-detection; for texts
                              text-classification, token-classification, embedding, translation or
                              language-model. (default: by the target's values, or by the columns)
      -o, --output <folder>   The folder for the project. (default: .)
      --force                 Replace a project that is there.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "run": """
    OVERVIEW: Train, judge and register: the whole journey.

    The new version is registered unless evaluation.require of the project says no (exit code 3).
    Aliases are given if the project's gates agree; else the version is registered without them (exit
    code 3).

    USAGE: martlet run [<file>] [--resume <run>] [--alias <name> ...] [--tag <tag> ...] [--note <text>] [--project <file>] [--set <key=value> ...] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <file>                  The project file or its folder. (default: martlet.yml)

    OPTIONS:
      --resume <run>          Go on with an interrupted run.
      --alias <name>          Give the new version an alias. Can be repeated.
      --tag <tag>             Give the new version a tag. Can be repeated.
      --note <text>           A note for the new version.
      --project <file>        The project file.
      --set <key=value>       Override a setting of the project: training.epochs=3. Can be repeated.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "train": """
    OVERVIEW: Train only; nothing is registered.

    Weights, checkpoints and metrics stay in the run's folder.

    USAGE: martlet train [<file>] [--resume <run>] [--project <file>] [--set <key=value> ...] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <file>                  The project file or its folder. (default: martlet.yml)

    OPTIONS:
      --resume <run>          Go on with an interrupted run.
      --project <file>        The project file.
      --set <key=value>       Override a setting of the project: training.epochs=3. Can be repeated.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "evaluate": """
    OVERVIEW: Judge a version on the project's test part.

    A model of texts is judged on JSON Lines files instead. A line is {"prompt", "choices",
    "answer"}, {"prompt", "target"}, {"text"}, {"query", "positives", "negatives"} or
    {"a", "b", "score"}.

    USAGE: martlet evaluate [<reference>] [--report <folder>] [--tasks <file> ...] [--shots <number>] [--examples <file>] [--limit <number>] [--as-chat] [--project <file>] [--set <key=value> ...] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <reference>             NAME@V. (default: the newest version of the project's model)

    OPTIONS:
      --report <folder>       The folder for the report.
      --tasks <file>          Ask a model of texts the questions of these JSON Lines files instead of
                              using a project.
      --shots <number>        Solved examples before each question. (default: 0)
      --examples <file>       Take the solved examples from this file. (default: the task's other
                              records)
      --limit <number>        Only the first records of each task.
      --as-chat               Ask for answers in words as in a conversation.
      --project <file>        The project file.
      --set <key=value>       Override a setting of the project: training.epochs=3. Can be repeated.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "predict": """
    OVERVIEW: Ask a version about pictures, texts or the rows of tables.

    A model of tables or texts takes files of rows; with --output it writes them with its predictions
    beside them, in any size. With --checkpoint that is a job: killed or stopped at any moment, the
    same command goes on where it was.

    USAGE: martlet predict <reference> <inputs> ... [--top <count>] [--output <file>] [--checkpoint <folder>] [--part-rows <count>] [--max-failures <count>] [--failures <file>] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <reference>             NAME@V
      <inputs>                JPEG or PNG files, in a job folders of them, too; tables as CSV, Parquet,
                              Arrow or JSON Lines; text files, a text a line.

    OPTIONS:
      --top <count>           How many classes to name for each input; 0 names all. (default: 3)
      -o, --output <file>     Write rows and predictions here; the suffix says how.
      --checkpoint <folder>   Make it a job, which keeps what is done in this folder.
      --part-rows <count>     Rows that a job answers and writes together. (default: 65536, of pictures
                              1024)
      --max-failures <count>  How many rows of a job may have no answer. (default: 100)
      --failures <file>       Write a job's rows without an answer here, with reasons. (default:
                              OUTPUT.failed.jsonl)
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "serve": """
    OVERVIEW: Answer over HTTP until stopped.

    Without a name it serves the project's model, and without a project every model of the registry.

    USAGE: martlet serve [<options>] [<references> ...]

    ARGUMENTS:
      <references>            NAME@V

    OPTIONS:
      --host <address>        The address. (default: the project's, else 127.0.0.1)
      --port <number>         The port; 0 takes a free one. (default: the project's, else 8080)
      --grpc-port <number>    The port for gRPC; 0 takes a free one. (default: HTTP only)
      --ready-file <file>     Write host, port and process id to this file as JSON once requests are
                              answered.
      --draft <[MODEL=]NAME@V>
                              A smaller model that guesses ahead for the language models, or for one:
                              the same texts, sooner. Can be repeated.
      --tracking              Keep experiments, runs and models for MLflow's clients, too, on the admin
                              port where there is one (MLFLOW_TRACKING_URI).
      --edge <folder>         Serve a directory of martlet export --edge, without a registry; of a
                              project only the one that --project names.
      --keys <file>           The file with the API keys, made by martlet keys. (default: keys.json in
                              the registry's folder, if there)
      --insecure              Listen to other machines without keys: whoever reaches the address may do
                              everything.
      --admin-port <number>   A port of its own for figures, the registry, releases and keys; the other
                              one then knows nothing of these.
      --admin-host <address>  The address of the admin port. (default: 127.0.0.1)
      --tls-certificate <file>
                              The server's certificate chain, as PEM: TLS on all ports.
      --tls-key <file>        The certificate's private key, as PEM.
      --tls-clients <file>    The authority of clients' certificates, as PEM: clients without one get
                              no connection.
      --allow-host <name>     A name by which the server may be called. Can be repeated.
      --allow-origin <origin> The origin of web pages that may call the server. Can be repeated.
      --project <file>        The project file.
      --set <key=value>       Override a setting of the project: training.epochs=3. Can be repeated.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "cost": """
    OVERVIEW: What the models, versions and callers of a running server have cost.

    Counted since the server began; money where serve.prices says what the machine costs. The API key,
    where the server wants one, is the variable MARTLET_API_KEY.

    USAGE: martlet cost [--server <url>] [--tls-authority <file>] [--project <file>] [--set <key=value> ...] [--json] [--quiet] [--registry <path>]

    OPTIONS:
      --server <url>          The server's address; where it has an admin port, that one's. (default:
                              the project's, else http://127.0.0.1:8080)
      --tls-authority <file>  The authority of the server's certificate, as PEM; else the variable
                              SSL_CERT_FILE, or what this machine knows.
      --project <file>        The project file.
      --set <key=value>       Override a setting of the project: training.epochs=3. Can be repeated.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "stream": """
    OVERVIEW: Answer messages of Kafka or RabbitMQ until stopped.

    Addresses are kafka://HOST:PORT/TOPIC and amqp://HOST:PORT/QUEUE, kafkas:// and amqps:// over TLS.
    What is not said here comes from stream: of the project. A message is what POST /predict takes as
    JSON. Each is answered at least once; the header martlet-id tells answers to one message.
    Credentials come from MARTLET_STREAM_USER and MARTLET_STREAM_PASSWORD or
    MARTLET_STREAM_PASSWORD_FILE, certificates from MARTLET_STREAM_CA, _CERTIFICATE and _KEY.

    USAGE: martlet stream [<options>] [<reference>]

    ARGUMENTS:
      <reference>             NAME@V. (default: the newest version of the project's model)

    OPTIONS:
      --from <address>        Where questions come from.
      --to <address>          Where answers go.
      --dead <address>        Where messages go that have no answer, with the reason.
      --group <name>          Kafka's consumer group. (default: martlet-NAME)
      --batch <count>         Messages that are answered together, at most. (default: 32)
      --batch-delay <time>    How long the first of them waits for the others, in milliseconds.
                              (default: 20)
      --attempts <count>      How often a message is tried whose failure may pass. (default: 5)
      --prefetch <count>      Messages that are kept ready, at most. (default: 1000)
      --identity <rule>       What makes two messages one question: message (id, or key and value) or
                              key. (default: message)
      --metrics <file>        Write figures for Prometheus to this file every few seconds.
      --project <file>        The project file.
      --set <key=value>       Override a setting of the project: training.epochs=3. Can be repeated.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "launch": """
    OVERVIEW: Start a command in many processes that train together.

    run and train share out every batch, so that the settings of the project stay as they are: the
    batch is that of all processes together.
    On several machines start it on each, with the same --master. Any other program gets torchrun's
    environment variables, too.
    Exit code: that of the process that failed first.

    USAGE: martlet launch --processes <number> [--nodes <number>] [--node-rank <number>] [--master <host:port>] [--max-restarts <number>] [--timeout <seconds>] [--grace <seconds>] [--json] [--quiet] [--registry <path>] [<command> ...]

    ARGUMENTS:
      <command>               run, train, or any program, with its arguments.

    OPTIONS:
      --processes <number>    Processes on this machine.
      --nodes <number>        Machines. (default: 1)
      --node-rank <number>    This machine's number, from 0. (default: 0)
      --master <host:port>    Where machine 0 can be reached.
      --max-restarts <number> How often to start again after a failure; run and train go on from their
                              newest checkpoint. (default: 0)
      --timeout <seconds>     Seconds that processes wait for one another. (default: 60)
      --grace <seconds>       Seconds between asking processes to end and killing them. (default: 10.0)
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "data": """
    OVERVIEW: Look at data.

    USAGE: martlet data <subcommand>

    OPTIONS:
      --version               Show the version.
      -h, --help              Show help information.

    SUBCOMMANDS:
      profile                 Look at a table: types, gaps, distributions, leaks; writes an HTML report.
      check                   Hold a table against its schema; exits 3 where it does not fit.
      preview                 Write a contact sheet of the pictures as the network will see them.

      See 'martlet help data <subcommand>' for detailed help.

    """,
    "data preview": """
    OVERVIEW: Write a contact sheet of the pictures as the network will see them.

    USAGE: martlet data preview [<file>] [--part <part>] [--count <number>] [--augmented] [--output <file>] [--project <file>] [--set <key=value> ...] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <file>                  The project file or its folder. (default: martlet.yml)

    OPTIONS:
      --part <part>           Which pictures. (values: train, validation, test; default: train)
      --count <number>        How many pictures. (default: 64)
      --augmented             With the random changes that training makes.
      -o, --output <file>     The PNG file to write. (default: preview.png)
      --project <file>        The project file.
      --set <key=value>       Override a setting of the project: training.epochs=3. Can be repeated.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "data check": """
    OVERVIEW: Hold a table against its schema; exits 3 where it does not fit.

    The schema is inferred once from good data with --update, then kept in the project and edited by
    people.

    USAGE: martlet data check <inputs> ... [--schema <file>] [--update] [--target <column>] [--without-target] [--strict] [--output <file>] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <inputs>                CSV, Parquet, Arrow or JSON Lines: files, folders or patterns of one
                              table.

    OPTIONS:
      --schema <file>         The schema's file. (default: data-schema.json)
      --update                Infer the schema from these data and write it.
      --target <column>       With --update: the column to be predicted.
      --without-target        The data are to be predicted: the target may be missing.
      --strict                Warnings count as errors.
      -o, --output <file>     Write an HTML report, too.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "data profile": """
    OVERVIEW: Look at a table: types, gaps, distributions, leaks; writes an HTML report.

    USAGE: martlet data profile <inputs> ... [--target <column>] [--without-models] [--output <file>] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <inputs>                CSV, Parquet, Arrow or JSON Lines: files, folders or patterns of one
                              table.

    OPTIONS:
      --target <column>       The column to be predicted.
      --without-models        Do not fit models to find unusual rows and wrong labels.
      -o, --output <file>     The HTML report to write. (default: profile.html)
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "import": """
    OVERVIEW: Register a model that somebody else trained.

    A folder with config.json, safetensors and a tokenizer, a GGUF file, or either of them on the
    Hugging Face hub: hf:ORG/NAME, hf:ORG/NAME@REVISION, hf:ORG/NAME/FILE.gguf. Everything is
    checked; no code in it is run. HF_TOKEN, HF_HOME, HF_ENDPOINT and HF_HUB_OFFLINE mean what they
    mean to Python's huggingface_hub; the cache is the same.

    USAGE: martlet import <source> [--name <name>] [--alias <name> ...] [--tag <tag> ...] [--note <text>] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <source>                The folder, the .gguf file, or hf:ORG/NAME.

    OPTIONS:
      --name <name>           The model's name in the registry. (default: by the source)
      --alias <name>          Give the new version an alias. Can be repeated.
      --tag <tag>             Give the new version a tag. Can be repeated.
      --note <text>           A note for the new version.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "generate": """
    OVERVIEW: Let a language model continue a text.

    Without a prompt it reads standard input. For questions and answers there is martlet chat.

    USAGE: martlet generate [<options>] <reference> [<prompt>]

    ARGUMENTS:
      <reference>             NAME@V
      <prompt>                The text to continue. (default: standard input)

    OPTIONS:
      --schema <file>         Write JSON that fits the JSON Schema in this file.
      --max-tokens <number>   The most tokens to write. (default: 512, or what fits the context)
      --temperature <number>  0 takes the most likely token always. (default: the model's)
      --top-p <number>        Only the likeliest tokens with this probability together. (default: the
                              model's)
      --top-k <number>        Only so many of the likeliest tokens. (default: the model's)
      --seed <number>         The same seed gives the same text. (default: another one each time)
      --stop <text>           Stop where this would come. Can be repeated.
      --draft <NAME@V>        A smaller model that guesses ahead: the same text, sooner.
      --beams <number>        Write the best of so many continuations. (default: the model's)
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "chat": """
    OVERVIEW: Talk to a language model.

    A line is a message; the model remembers the conversation. /help lists what else can be said.
    A line that ends in \\ goes on in the next; \""" begins and ends a message of many lines.
    Ctrl-C stops an answer, Ctrl-D ends the chat. Lines of another program are answered one by one.

    USAGE: martlet chat [<options>] <reference>

    ARGUMENTS:
      <reference>             NAME@V

    OPTIONS:
      --system <text>         What the model is told about its task.
      --transcript <file>     Keep the conversation in this file: JSON Lines where it ends in .jsonl,
                              else Markdown.
      --max-tokens <number>   The most tokens to write. (default: 512, or what fits the context)
      --temperature <number>  0 takes the most likely token always. (default: the model's)
      --top-p <number>        Only the likeliest tokens with this probability together. (default: the
                              model's)
      --top-k <number>        Only so many of the likeliest tokens. (default: the model's)
      --seed <number>         The same seed gives the same text. (default: another one each time)
      --stop <text>           Stop where this would come. Can be repeated.
      --draft <NAME@V>        A smaller model that guesses ahead: the same text, sooner.
      --beams <number>        Write the best of so many continuations. (default: the model's)
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "embed": """
    OVERVIEW: Turn texts into vectors, a text a line.

    Without --output the vectors come on standard output, a JSON array a line.

    USAGE: martlet embed <reference> [<input>] [--output <file>] [--dimensions <number>] [--batch <number>] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <reference>             NAME@V
      <input>                 A file with a text a line; - is standard input. (default: -)

    OPTIONS:
      -o, --output <file>     Write the vectors here: .npy, .csv or .jsonl (with the texts).
      --dimensions <number>   Shorter vectors than the model's own, where it can do that.
      --batch <number>        Texts that are computed together. (default: 64)
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "route": """
    OVERVIEW: Put several language models behind one name, by the caller's language.

    Each request goes to the model for the language that it is asked in, all others to the
    fallback's. With translators both ways between a language and the fallback, its requests are
    translated for the fallback's model, and the answers back.

    USAGE: martlet route <name> [--to <language=NAME@V> ...] [--fallback <language>] [--translator <from-to=NAME@V> ...] [--translation-prompt <text>] --identifier <file> [--alias <name> ...] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <name>                  The new model's name in the registry.

    OPTIONS:
      --to <language=NAME@V>  A language and its model. Can be repeated.
      --fallback <language>   The language whose model gets everything else. (default: en)
      --translator <from-to=NAME@V>
                              A model that translates between two languages. Can be repeated.
      --translation-prompt <text>
                              What a translator is asked: {text}, {from} and {to} are filled in.
                              (default: {text})
      --identifier <file>     What tells languages apart, as LanguageIdentifier is saved.
      --alias <name>          Give the new version an alias. Can be repeated.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "models": """
    OVERVIEW: List the models, or the versions of one.

    USAGE: martlet models [<name>] [--search <filter>] [--order <field>] [--limit <number>] [--offset <number>] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <name>                  A model's name.

    OPTIONS:
      --search <filter>       Only versions of which this is true: "metrics.accuracy > 0.9 and tags =
                              'x' and name like 'rev%'".
      --order <field>         The order of what is found: "metrics.accuracy desc", registered …
      --limit <number>        At most so many versions.
      --offset <number>       Pass over so many of what is found. (default: 0)
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "show": """
    OVERVIEW: Everything about one version.

    USAGE: martlet show <reference> [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <reference>             NAME@V

    OPTIONS:
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "export": """
    OVERVIEW: Write a version as a directory that serves it without a registry.

    The directory holds the bundle, the program with the libraries that it loads, and a script start,
    which checks every file and serves.

    USAGE: martlet export <reference> [<directory>] [--edge] [--without-program] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <reference>             NAME@V
      <directory>             The directory, which must not be there. (default: NAME-V-edge)

    OPTIONS:
      --edge                  A directory for machines without a registry.
      --without-program       Leave the program and its libraries out: the machine has its own martlet.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "compare": """
    OVERVIEW: What is different between two versions.

    A metric is better or worse only where its interval of the difference leaves no doubt.

    USAGE: martlet compare <first> <second> [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <first>                 NAME@V
      <second>                NAME@V

    OPTIONS:
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "promote": """
    OVERVIEW: Point an alias at a version.

    Servers that start take it: martlet serve NAME@production; those that run take it by martlet
    release. A version that the gates of the project or of the alias do not let through does not get it
    (exit code 3); what was not measured does not pass.

    USAGE: martlet promote <reference> --to <alias> [--note <text>] [--request] [--project <file>] [--set <key=value> ...] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <reference>             NAME@V

    OPTIONS:
      --to <alias>            The alias.
      --note <text>           Why, for the history.
      --request               Ask for an alias that needs approvals.
      --project <file>        The project file.
      --set <key=value>       Override a setting of the project: training.epochs=3. Can be repeated.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "rollback": """
    OVERVIEW: Point an alias back at the version that it pointed at before.

    USAGE: martlet rollback <name> [--alias <alias>] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <name>                  The model's name.

    OPTIONS:
      --alias <alias>         The alias. (default: production)
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "protect": """
    OVERVIEW: Say what an alias asks for before it moves.

    A version that the alias has pointed at before needs no approvals: the way back is always free.

    USAGE: martlet protect <name> [--alias <alias>] [--approvals <number>] [--gate <gate> ...] [--no-gates] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <name>                  The model's name.

    OPTIONS:
      --alias <alias>         The alias. (default: production)
      --approvals <number>    How many people other than the one who asks must agree; 0 for none.
      --gate <gate>           What must hold: accuracy>=0.9, size<=50000000, slices.accuracy>=0.8. Can
                              be repeated.
      --no-gates              Take the gates away.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "approve": """
    OVERVIEW: Agree to a request for an alias, or list what waits.

    Nobody approves what they asked for. The last approval that is needed moves the alias.

    USAGE: martlet approve [<request>] [--reject] [--note <text>] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <request>               The request's number.

    OPTIONS:
      --reject                Turn it down.
      --note <text>           Why, for the history.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "sign": """
    OVERVIEW: Sign a version: every file of it, by its manifest.

    Every byte is checked first.

    USAGE: martlet sign <reference> [--key <file>] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <reference>             NAME@V

    OPTIONS:
      --key <file>            The file of the key (martlet keys sign).
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "tag": """
    OVERVIEW: Give a version tags, or take them away.

    USAGE: martlet tag <reference> <tags> ... [--remove] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <reference>             NAME@V
      <tags>                  Words.

    OPTIONS:
      --remove                Take them away.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "note": """
    OVERVIEW: Write a note on a version, in place of the old one.

    USAGE: martlet note <reference> <text> [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <reference>             NAME@V
      <text>                  The note; '' removes it.

    OPTIONS:
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "release": """
    OVERVIEW: Move the traffic of a served model to another version, step by step.

    The server that serves the model carries the release out; this command leaves it orders in the
    registry's folder.
    Gates: errors <= 0.01, errors-increase <= 0.005, p99 <= 0.5, p99-ratio <= 1.2, agreement >= 0.95,
    quality >= 0.9, quality-drop <= 0.02, drift <= 0.2, input-drift <= 0.2, verdicts >= 0.8.

    USAGE: martlet release <subcommand>

    OPTIONS:
      --version               Show the version.
      -h, --help              Show help information.

    SUBCOMMANDS:
      start (default)         Begin a release of a version.
      status                  Show where a model's newest release stands.
      pause                   Stay in this step. A gate that fails still sends the traffic back.
      resume                  Go on after a pause, or after gates could not decide.
      approve                 Agree to the end of this step.
      promote                 Let the new version take over now, whatever the gates say.
      rollback                Send everything back to the old version now.

      See 'martlet help release <subcommand>' for detailed help.

    """,
    "deploy": """
    OVERVIEW: Write the files that run models elsewhere: images, clusters, pipelines, alerts.

    Kinds: docker (Dockerfile and .dockerignore); compose (Compose file); kubernetes (Deployment,
    Service, HPA, PDB, NetworkPolicy, Job, CronJob with Kustomize); helm (Helm chart); kserve (KServe
    ServingRuntime and InferenceService); systemd (systemd unit); prometheus (Prometheus scrape
    configuration and alert rules); grafana (Grafana dashboard); github (GitHub workflow); gitlab
    (GitLab pipeline); jenkins (Jenkinsfile). Without a kind: all.

    USAGE: martlet deploy [<options>] [<kinds> ...] --name <name>

    ARGUMENTS:
      <kinds>                 docker, compose, kubernetes, helm, kserve, systemd, prometheus, grafana,
                              github, gitlab, jenkins. (default: all)

    OPTIONS:
      --name <name>           The name of the service.
      --image <image>         The image with its tag. (default: NAME:1)
      --model <model>         NAME@V to serve; repeat it for more. (default: NAME@production)
      --output <folder>       The folder to write into. (default: deploy)
      --port <number>         The port for requests. (default: 8080)
      --admin-port <number>   The port for figures and orders. (default: 8081)
      --replicas <number>     Servers at least. (default: 2)
      --max-replicas <number> Servers at most. (default: 10)
      --cpu <amount>          Cores of one server. (default: 1)
      --memory <amount>       Memory of one server. (default: 2Gi)
      --gpus <number>         Graphics processors of one server. (default: 0)
      --retrain <schedule>    When a new version is trained, as cron writes it.
      --slow <seconds>        Seconds above which the slowest hundredth of the answers calls somebody.
                              (default: 0.5)
      --force                 Write over files that say something else.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "verify": """
    OVERVIEW: Compare every file of a version, or of all, with its SHA-256.

    USAGE: martlet verify [<reference>] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <reference>             NAME@V. (default: every version)

    OPTIONS:
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "audit": """
    OVERVIEW: Who did what, and whether the log was changed.

    USAGE: martlet audit <subcommand>

    OPTIONS:
      --version               Show the version.
      -h, --help              Show help information.

    SUBCOMMANDS:
      list (default)          What was done, newest first.
      verify                  Check that no event was changed, moved, put in or taken out.

      See 'martlet help audit <subcommand>' for detailed help.

    """,
    "delete": """
    OVERVIEW: Delete a version for good.

    NAME@3, never just NAME. The space is free after martlet gc.

    USAGE: martlet delete <reference> [--force] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <reference>             NAME@V

    OPTIONS:
      --force                 Even if an alias points at it; the alias goes too.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "retention": """
    OVERVIEW: Say which versions are kept, and delete the others.

    What an alias points at always stays. The space is free after martlet gc.

    USAGE: martlet retention [<name>] [--keep-last <number>] [--keep-days <days>] [--keep-tag <tag> ...] [--none] [--apply] [--dry-run] [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <name>                  A model's name. (default: every model that has rules)

    OPTIONS:
      --keep-last <number>    Keep the newest so many.
      --keep-days <days>      Keep what is younger.
      --keep-tag <tag>        Keep what has this tag. Can be repeated.
      --none                  Take the rules away.
      --apply                 Delete what the rules let go.
      --dry-run               Only say what would go.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "gc": """
    OVERVIEW: Free the space of deleted versions and of what killed processes left.

    What is younger than an hour stays, because another process may be about to register it.

    USAGE: martlet gc [--dry-run] [--now] [--json] [--quiet] [--registry <path>]

    OPTIONS:
      --dry-run               Only say what would go.
      --now                   Also what is younger than an hour: only where nothing else uses the
                              registry.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "backup": """
    OVERVIEW: Write the registry as it is now into a folder, while others use it.

    A folder that holds a backup already is brought up to date: only new files are copied.

    USAGE: martlet backup <folder> [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <folder>                The folder.

    OPTIONS:
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "restore": """
    OVERVIEW: Fill a new registry from a backup.

    The registry may be of another kind than the one that was backed up: a folder, or postgresql://…

    USAGE: martlet restore <folder> [--json] [--quiet] [--registry <path>]

    ARGUMENTS:
      <folder>                The backup's folder.

    OPTIONS:
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "keys": """
    OVERVIEW: API keys of servers; keys that encrypt files and sign versions.

    A server that has API keys answers nobody without one. It sees changes within a second.

    USAGE: martlet keys <subcommand>

    OPTIONS:
      --version               Show the version.
      -h, --help              Show help information.

    SUBCOMMANDS:
      create                  Make a key and show it, this once.
      list                    List the keys.
      revoke                  Make a key stop working.
      encrypt                 Make a key for encryption at rest, and put it before the others in a file.
      sign                    Make a key that signs versions, and print its public part.
      rotate                  Wrap the keys of all files with the newest key for encryption.

      See 'martlet help keys <subcommand>' for detailed help.

    """,
    "webhooks": """
    OVERVIEW: Addresses that are told what happens in the registry.

    USAGE: martlet webhooks <subcommand>

    OPTIONS:
      --version               Show the version.
      -h, --help              Show help information.

    SUBCOMMANDS:
      list (default)          All webhooks, and what they have not been told yet.
      add                     Tell an address what happens.
      remove                  Tell an address nothing more.
      deliver                 Send what is due; for a timer.

      See 'martlet help webhooks <subcommand>' for detailed help.

    """,
    "schema": """
    OVERVIEW: Print the JSON Schema of martlet.yml.

    Editors that know YAML schemas complete and check the file with it.

    USAGE: martlet schema [--output <file>] [--json] [--quiet] [--registry <path>]

    OPTIONS:
      -o, --output <file>     Write it to a file.
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
    "doctor": """
    OVERVIEW: Look at the installation and say how to mend what is missing.

    USAGE: martlet doctor [--json] [--quiet] [--registry <path>]

    OPTIONS:
      --json                  Print exactly one JSON document on standard output.
      --quiet                 No progress and no remarks.
      --registry <path>       The registry's folder, instead of the .martlet here or above.
      --version               Show the version.
      -h, --help              Show help information.

    """,
  ]
}
