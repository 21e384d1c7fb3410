# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_dfab_global_optspecs
    string join \n config= format= color= q/quiet v/verbose h/help V/version
end

function __fish_dfab_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_dfab_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_dfab_using_subcommand
    set -l cmd (__fish_dfab_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c dfab -n "__fish_dfab_needs_command" -l config -d 'Read settings from this YAML file' -r -F
complete -c dfab -n "__fish_dfab_needs_command" -l format -d 'How results are printed: table, json or jsonl [default: table; weights: json]' -r -f -a "table\t'Text for people'
json\t'One JSON document'
jsonl\t'One JSON object per line, as results are finished'"
complete -c dfab -n "__fish_dfab_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c dfab -n "__fish_dfab_needs_command" -s q -l quiet -d 'No talk on standard error besides errors'
complete -c dfab -n "__fish_dfab_needs_command" -s v -l verbose -d 'More detail'
complete -c dfab -n "__fish_dfab_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c dfab -n "__fish_dfab_needs_command" -s V -l version -d 'Print version'
complete -c dfab -n "__fish_dfab_needs_command" -f -a "completions" -d 'Print the completions of a shell'
complete -c dfab -n "__fish_dfab_needs_command" -f -a "validate" -d 'Check packages against the package contract'
complete -c dfab -n "__fish_dfab_needs_command" -f -a "review" -d 'Review the Python code of packages without running it'
complete -c dfab -n "__fish_dfab_needs_command" -f -a "exec" -d 'Run one harness as a validator would, and nothing else'
complete -c dfab -n "__fish_dfab_needs_command" -f -a "run" -d 'Evaluate packages from end to end and store the results'
complete -c dfab -n "__fish_dfab_needs_command" -f -a "serve-lite" -d 'Answer the service\'s HTTP requests from the local database'
complete -c dfab -n "__fish_dfab_needs_command" -f -a "score" -d 'Score datasets'
complete -c dfab -n "__fish_dfab_needs_command" -f -a "similarity" -d 'Compare the structure of Python code'
complete -c dfab -n "__fish_dfab_needs_command" -f -a "runs" -d 'List runs, or show one while it goes and afterwards'
complete -c dfab -n "__fish_dfab_needs_command" -f -a "weights" -d 'Print the weights: best score per hotkey'
complete -c dfab -n "__fish_dfab_needs_command" -f -a "pack" -d 'Make a package from a folder'
complete -c dfab -n "__fish_dfab_needs_command" -f -a "preflight" -d 'Check that this machine can evaluate packages'
complete -c dfab -n "__fish_dfab_needs_command" -f -a "config" -d 'Print every setting with its origin'
complete -c dfab -n "__fish_dfab_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c dfab -n "__fish_dfab_using_subcommand completions" -l regenerate -d 'Write all completions and manual pages below this folder of the sources' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand completions" -l config -d 'Read settings from this YAML file' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand completions" -l format -d 'How results are printed: table, json or jsonl [default: table; weights: json]' -r -f -a "table\t'Text for people'
json\t'One JSON document'
jsonl\t'One JSON object per line, as results are finished'"
complete -c dfab -n "__fish_dfab_using_subcommand completions" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c dfab -n "__fish_dfab_using_subcommand completions" -s q -l quiet -d 'No talk on standard error besides errors'
complete -c dfab -n "__fish_dfab_using_subcommand completions" -s v -l verbose -d 'More detail'
complete -c dfab -n "__fish_dfab_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c dfab -n "__fish_dfab_using_subcommand validate" -l max-submission-size-bytes -d 'Largest package, in bytes [default: 4MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand validate" -l max-zip-files -d 'Most files in a package [default: 128]' -r
complete -c dfab -n "__fish_dfab_using_subcommand validate" -l max-zip-uncompressed-bytes -d 'Largest unpacked package, in bytes [default: 32MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand validate" -l config -d 'Read settings from this YAML file' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand validate" -l format -d 'How results are printed: table, json or jsonl [default: table; weights: json]' -r -f -a "table\t'Text for people'
json\t'One JSON document'
jsonl\t'One JSON object per line, as results are finished'"
complete -c dfab -n "__fish_dfab_using_subcommand validate" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c dfab -n "__fish_dfab_using_subcommand validate" -l exit-zero -d 'Exit with 0 even if something was refused, rejected or failed'
complete -c dfab -n "__fish_dfab_using_subcommand validate" -s q -l quiet -d 'No talk on standard error besides errors'
complete -c dfab -n "__fish_dfab_using_subcommand validate" -s v -l verbose -d 'More detail'
complete -c dfab -n "__fish_dfab_using_subcommand validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c dfab -n "__fish_dfab_using_subcommand review" -l explain -d 'Explain a rule instead' -r
complete -c dfab -n "__fish_dfab_using_subcommand review" -l against -d 'Other packages (`database` is every stored one): say in which of them most of each PATH is found, and on which lines; no verdict depends on it' -r
complete -c dfab -n "__fish_dfab_using_subcommand review" -l database-url -l database -d 'SQLite file that keeps submissions and runs [default: dfab.sqlite3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand review" -l artifact-root -d 'Folder that keeps submitted packages [default: `artifacts` beside the database]' -r
complete -c dfab -n "__fish_dfab_using_subcommand review" -l max-submission-size-bytes -d 'Largest package, in bytes [default: 4MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand review" -l max-zip-files -d 'Most files in a package [default: 128]' -r
complete -c dfab -n "__fish_dfab_using_subcommand review" -l max-zip-uncompressed-bytes -d 'Largest unpacked package, in bytes [default: 32MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand review" -l config -d 'Read settings from this YAML file' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand review" -l format -d 'How results are printed: table, json or jsonl [default: table; weights: json]' -r -f -a "table\t'Text for people'
json\t'One JSON document'
jsonl\t'One JSON object per line, as results are finished'"
complete -c dfab -n "__fish_dfab_using_subcommand review" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c dfab -n "__fish_dfab_using_subcommand review" -l rules -d 'List the rules instead'
complete -c dfab -n "__fish_dfab_using_subcommand review" -l exit-zero -d 'Exit with 0 even if something was refused, rejected or failed'
complete -c dfab -n "__fish_dfab_using_subcommand review" -s q -l quiet -d 'No talk on standard error besides errors'
complete -c dfab -n "__fish_dfab_using_subcommand review" -s v -l verbose -d 'More detail'
complete -c dfab -n "__fish_dfab_using_subcommand review" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l report -d 'Write how the run ended, what it used and what was enforced to this JSON file' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l slug -d 'Short name of the challenge, as the platform knows it [default: data-fabrication]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l max-submission-size-bytes -d 'Largest package, in bytes [default: 4MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l max-output-size-bytes -d 'Largest dataset, in bytes [default: 10MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l max-zip-files -d 'Most files in a package [default: 128]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l max-zip-uncompressed-bytes -d 'Largest unpacked package, in bytes [default: 32MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l evaluation-timeout-seconds -l timeout -d 'Wall-clock time one harness may take, in seconds [default: 300]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l runner-seed -l seed -d 'Seed given to every harness [default: 1337]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l runner-output-filename -d 'File name under which a harness may leave its dataset [default: dataset.jsonl]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l direct-subprocess-enabled -l allow-direct -d 'Whether the `direct` executor, which isolates nothing, may be used [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l docker-enabled -d 'Whether harnesses run in containers, unless `executor` says otherwise [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l docker-backend -d 'How containers are started [default: cli]' -r -f -a "cli\t''
broker\t''"
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l docker-bin -d 'The Docker command [default: docker]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l docker-network -d 'Network of the containers [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l docker-cpus -d 'Processors a container may use [default: 2.0]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l docker-memory -d 'Memory of a container [default: 4g]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l docker-memory-swap -d 'Memory and swap of a container together [default: 4g]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l docker-pids-limit -d 'Most processes in a container [default: 512]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l docker-read-only -d 'Whether a container\'s root is read-only [default: true]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l docker-user -d 'User inside the containers; without one it is nobody (65534:65534) [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l docker-seccomp -d 'What decides about system calls in containers: dfab\'s filter on top of the engine\'s profile, or that alone [default: dfab]' -r -f -a "dfab\t''
engine\t''"
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l docker-allowed-images -d 'Images that may be used [default: python:3.12-slim]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l docker-broker-url -d 'Address of the container broker [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l docker-broker-token-file -d 'File that holds the broker\'s token, read when the token is needed [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l sandbox-memory -l memory -d 'Memory of a sandboxed harness, in bytes [default: 4GiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l sandbox-tmp -d 'Size of a sandboxed harness\'s `/tmp`, in bytes [default: 512MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l sandbox-pids -d 'Most processes and threads of a sandboxed harness [default: 512]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l sandbox-open-files -d 'Most open files of one process of a sandboxed harness [default: 1024]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l sandbox-cpu-seconds -d 'Processor time of a sandboxed harness, in seconds [default: the evaluation timeout, rounded up]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l sandbox-require -l require -d 'Protections without which the sandbox refuses to run anything [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l python -d 'The Python interpreter, a path or a name to look for on PATH [default: python3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l executor -d 'What runs the harnesses [default: sandbox, or as `docker_enabled` and `docker_backend` say]' -r -f -a "sandbox\t''
docker\t''
broker\t''
direct\t''"
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l config -d 'Read settings from this YAML file' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l format -d 'How results are printed: table, json or jsonl [default: table; weights: json]' -r -f -a "table\t'Text for people'
json\t'One JSON document'
jsonl\t'One JSON object per line, as results are finished'"
complete -c dfab -n "__fish_dfab_using_subcommand exec" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c dfab -n "__fish_dfab_using_subcommand exec" -s q -l quiet -d 'No talk on standard error besides errors'
complete -c dfab -n "__fish_dfab_using_subcommand exec" -s v -l verbose -d 'More detail'
complete -c dfab -n "__fish_dfab_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c dfab -n "__fish_dfab_using_subcommand run" -l from-service -d 'Evaluate the submissions of the live service\'s SQLite file, in the order of arrival; nothing of it is changed' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand run" -l artifacts -d 'The service\'s folder of packages, ID/source.zip each [default: `artifacts` beside its database]' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand run" -l hotkey -d 'The hotkey of packages for which a list names none [default: unknown]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l hotkey-from -d 'Take hotkeys from elsewhere: the name of the package\'s folder' -r -f -a "parent\t'The name of the folder the package is in'"
complete -c dfab -n "__fish_dfab_using_subcommand run" -s j -l jobs -d 'Packages evaluated at once [default: number of cores]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l until -d 'Stop each package after this stage; before `store` no result is stored' -r -f -a "validate\t'The package contract'
review\t'The static review'
execute\t'The run of the harness'
parse\t'Its output as a dataset'
score\t'The dataset\'s score'
similarity\t'The nearest neighbour'
judge\t'Judgement and final score'
store\t'The stored result: nothing is left out'"
complete -c dfab -n "__fish_dfab_using_subcommand run" -l retry-failed -d 'Only what this machine failed at: of the PATHs, when they were last tried; without, in the last run, or in the RUN of that id. Never verdicts' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l progress -d 'How progress is shown on standard error: auto, bar, plain, json (events, one per line) or none [default: auto]' -r -f -a "auto\t'A bar on a terminal, plain lines elsewhere'
bar\t'What is running and how far all is, redrawn; plain lines where that is no terminal'
plain\t'A line every few seconds'
json\t'Events as JSON lines on standard error'
none\t'Nothing'"
complete -c dfab -n "__fish_dfab_using_subcommand run" -l html -d 'Also write the results as one page that stands alone' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand run" -l slug -d 'Short name of the challenge, as the platform knows it [default: data-fabrication]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l database-url -l database -d 'SQLite file that keeps submissions and runs [default: dfab.sqlite3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l artifact-root -d 'Folder that keeps submitted packages [default: `artifacts` beside the database]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l max-submission-size-bytes -d 'Largest package, in bytes [default: 4MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l max-output-size-bytes -d 'Largest dataset, in bytes [default: 10MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l max-zip-files -d 'Most files in a package [default: 128]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l max-zip-uncompressed-bytes -d 'Largest unpacked package, in bytes [default: 32MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l evaluation-timeout-seconds -l timeout -d 'Wall-clock time one harness may take, in seconds [default: 300]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l sample-preview-limit -d 'Lines of a dataset that are kept as its sample [default: 25]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l min-conversations -d 'Fewest conversations of a dataset [default: 1]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l max-conversations -d 'Most conversations of a dataset [default: 10000]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l runner-seed -l seed -d 'Seed given to every harness [default: 1337]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l runner-output-filename -d 'File name under which a harness may leave its dataset [default: dataset.jsonl]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l direct-subprocess-enabled -l allow-direct -d 'Whether the `direct` executor, which isolates nothing, may be used [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand run" -l docker-enabled -d 'Whether harnesses run in containers, unless `executor` says otherwise [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand run" -l docker-backend -d 'How containers are started [default: cli]' -r -f -a "cli\t''
broker\t''"
complete -c dfab -n "__fish_dfab_using_subcommand run" -l docker-bin -d 'The Docker command [default: docker]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l docker-network -d 'Network of the containers [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l docker-cpus -d 'Processors a container may use [default: 2.0]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l docker-memory -d 'Memory of a container [default: 4g]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l docker-memory-swap -d 'Memory and swap of a container together [default: 4g]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l docker-pids-limit -d 'Most processes in a container [default: 512]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l docker-read-only -d 'Whether a container\'s root is read-only [default: true]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand run" -l docker-user -d 'User inside the containers; without one it is nobody (65534:65534) [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l docker-seccomp -d 'What decides about system calls in containers: dfab\'s filter on top of the engine\'s profile, or that alone [default: dfab]' -r -f -a "dfab\t''
engine\t''"
complete -c dfab -n "__fish_dfab_using_subcommand run" -l docker-allowed-images -d 'Images that may be used [default: python:3.12-slim]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l docker-broker-url -d 'Address of the container broker [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l docker-broker-token-file -d 'File that holds the broker\'s token, read when the token is needed [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l llm-judge-enabled -d 'Whether a language model takes part in judging [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand run" -l llm-plagiarism-enabled -d 'Whether a language model audits near copies [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand run" -l llm-judge-required -d 'Whether a package whose judging the language model fails stays without a result [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand run" -l llm-plagiarism-required -d 'Whether a near copy whose audit the language model fails stays without a result [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand run" -l llm-endpoint -d 'Chat endpoint of the language model [default: http://localhost:11434/api/chat]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l llm-model -d 'The language model\'s name [default: llama3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l llm-timeout-seconds -d 'Time one request to the language model may take, in seconds [default: 60]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l llm-max-retries -d 'How often a failed request to the language model is repeated [default: 3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l similarity-window -d 'Earlier submissions that a new one is compared with [default: 50]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l similarity-own-history -d 'Whether a hotkey\'s own earlier submissions are among them [default: include]' -r -f -a "include\t''
exclude\t''"
complete -c dfab -n "__fish_dfab_using_subcommand run" -l sandbox-memory -l memory -d 'Memory of a sandboxed harness, in bytes [default: 4GiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l sandbox-tmp -d 'Size of a sandboxed harness\'s `/tmp`, in bytes [default: 512MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l sandbox-pids -d 'Most processes and threads of a sandboxed harness [default: 512]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l sandbox-open-files -d 'Most open files of one process of a sandboxed harness [default: 1024]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l sandbox-cpu-seconds -d 'Processor time of a sandboxed harness, in seconds [default: the evaluation timeout, rounded up]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l sandbox-require -l require -d 'Protections without which the sandbox refuses to run anything [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l python -d 'The Python interpreter, a path or a name to look for on PATH [default: python3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand run" -l executor -d 'What runs the harnesses [default: sandbox, or as `docker_enabled` and `docker_backend` say]' -r -f -a "sandbox\t''
docker\t''
broker\t''
direct\t''"
complete -c dfab -n "__fish_dfab_using_subcommand run" -l config -d 'Read settings from this YAML file' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand run" -l format -d 'How results are printed: table, json or jsonl [default: table; weights: json]' -r -f -a "table\t'Text for people'
json\t'One JSON document'
jsonl\t'One JSON object per line, as results are finished'"
complete -c dfab -n "__fish_dfab_using_subcommand run" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c dfab -n "__fish_dfab_using_subcommand run" -l compare -d 'Say where results differ from those the service stored; exit with 1 if any does, else with 0'
complete -c dfab -n "__fish_dfab_using_subcommand run" -l dry-run -d 'Say what would be done with each package and why, and do nothing'
complete -c dfab -n "__fish_dfab_using_subcommand run" -l force -d 'Evaluate again what could be reused'
complete -c dfab -n "__fish_dfab_using_subcommand run" -l exit-zero -d 'Exit with 0 even if something was refused, rejected or failed'
complete -c dfab -n "__fish_dfab_using_subcommand run" -s q -l quiet -d 'No talk on standard error besides errors'
complete -c dfab -n "__fish_dfab_using_subcommand run" -s v -l verbose -d 'More detail'
complete -c dfab -n "__fish_dfab_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l listen -d 'Where to listen [default: the settings host and port]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -s j -l jobs -d 'Packages evaluated at once [default: number of cores]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l queue -d 'Submissions that may wait; when there are more, uploads are answered with 429' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l connections -d 'Connections that may be open at once' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l client-timeout -d 'Seconds a client may be silent before it is cut off; a whole upload may take four times as long' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l slug -d 'Short name of the challenge, as the platform knows it [default: data-fabrication]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l name -d 'Name of the challenge for people [default: Data Fabrication]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l version -d 'Version reported to the platform [default: this program\'s version]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l database-url -l database -d 'SQLite file that keeps submissions and runs [default: dfab.sqlite3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l artifact-root -d 'Folder that keeps submitted packages [default: `artifacts` beside the database]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l max-submission-size-bytes -d 'Largest package, in bytes [default: 4MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l max-output-size-bytes -d 'Largest dataset, in bytes [default: 10MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l max-zip-files -d 'Most files in a package [default: 128]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l max-zip-uncompressed-bytes -d 'Largest unpacked package, in bytes [default: 32MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l evaluation-timeout-seconds -l timeout -d 'Wall-clock time one harness may take, in seconds [default: 300]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l sample-preview-limit -d 'Lines of a dataset that are kept as its sample [default: 25]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l min-conversations -d 'Fewest conversations of a dataset [default: 1]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l max-conversations -d 'Most conversations of a dataset [default: 10000]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l runner-seed -l seed -d 'Seed given to every harness [default: 1337]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l runner-output-filename -d 'File name under which a harness may leave its dataset [default: dataset.jsonl]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l host -d 'Address the HTTP server listens on [default: 127.0.0.1]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l port -d 'Port the HTTP server listens on [default: 8080]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l public-submissions-enabled -d 'Whether the public submission routes are open [default: true]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l shared-token-file -d 'File that holds the token, read when the token is needed [default: /run/secrets/platform/challenge_token]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l direct-subprocess-enabled -l allow-direct -d 'Whether the `direct` executor, which isolates nothing, may be used [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l docker-enabled -d 'Whether harnesses run in containers, unless `executor` says otherwise [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l docker-backend -d 'How containers are started [default: cli]' -r -f -a "cli\t''
broker\t''"
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l docker-bin -d 'The Docker command [default: docker]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l docker-network -d 'Network of the containers [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l docker-cpus -d 'Processors a container may use [default: 2.0]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l docker-memory -d 'Memory of a container [default: 4g]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l docker-memory-swap -d 'Memory and swap of a container together [default: 4g]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l docker-pids-limit -d 'Most processes in a container [default: 512]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l docker-read-only -d 'Whether a container\'s root is read-only [default: true]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l docker-user -d 'User inside the containers; without one it is nobody (65534:65534) [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l docker-seccomp -d 'What decides about system calls in containers: dfab\'s filter on top of the engine\'s profile, or that alone [default: dfab]' -r -f -a "dfab\t''
engine\t''"
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l docker-allowed-images -d 'Images that may be used [default: python:3.12-slim]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l docker-broker-url -d 'Address of the container broker [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l docker-broker-token-file -d 'File that holds the broker\'s token, read when the token is needed [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l llm-judge-enabled -d 'Whether a language model takes part in judging [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l llm-plagiarism-enabled -d 'Whether a language model audits near copies [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l llm-judge-required -d 'Whether a package whose judging the language model fails stays without a result [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l llm-plagiarism-required -d 'Whether a near copy whose audit the language model fails stays without a result [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l llm-endpoint -d 'Chat endpoint of the language model [default: http://localhost:11434/api/chat]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l llm-model -d 'The language model\'s name [default: llama3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l llm-timeout-seconds -d 'Time one request to the language model may take, in seconds [default: 60]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l llm-max-retries -d 'How often a failed request to the language model is repeated [default: 3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l similarity-window -d 'Earlier submissions that a new one is compared with [default: 50]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l similarity-own-history -d 'Whether a hotkey\'s own earlier submissions are among them [default: include]' -r -f -a "include\t''
exclude\t''"
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l sandbox-memory -l memory -d 'Memory of a sandboxed harness, in bytes [default: 4GiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l sandbox-tmp -d 'Size of a sandboxed harness\'s `/tmp`, in bytes [default: 512MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l sandbox-pids -d 'Most processes and threads of a sandboxed harness [default: 512]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l sandbox-open-files -d 'Most open files of one process of a sandboxed harness [default: 1024]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l sandbox-cpu-seconds -d 'Processor time of a sandboxed harness, in seconds [default: the evaluation timeout, rounded up]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l sandbox-require -l require -d 'Protections without which the sandbox refuses to run anything [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l python -d 'The Python interpreter, a path or a name to look for on PATH [default: python3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l executor -d 'What runs the harnesses [default: sandbox, or as `docker_enabled` and `docker_backend` say]' -r -f -a "sandbox\t''
docker\t''
broker\t''
direct\t''"
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l config -d 'Read settings from this YAML file' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l format -d 'How results are printed: table, json or jsonl [default: table; weights: json]' -r -f -a "table\t'Text for people'
json\t'One JSON document'
jsonl\t'One JSON object per line, as results are finished'"
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -s q -l quiet -d 'No talk on standard error besides errors'
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -s v -l verbose -d 'More detail'
complete -c dfab -n "__fish_dfab_using_subcommand serve-lite" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c dfab -n "__fish_dfab_using_subcommand score" -l min-conversations -d 'Fewest conversations of a dataset [default: 1]' -r
complete -c dfab -n "__fish_dfab_using_subcommand score" -l max-conversations -d 'Most conversations of a dataset [default: 10000]' -r
complete -c dfab -n "__fish_dfab_using_subcommand score" -l config -d 'Read settings from this YAML file' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand score" -l format -d 'How results are printed: table, json or jsonl [default: table; weights: json]' -r -f -a "table\t'Text for people'
json\t'One JSON document'
jsonl\t'One JSON object per line, as results are finished'"
complete -c dfab -n "__fish_dfab_using_subcommand score" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c dfab -n "__fish_dfab_using_subcommand score" -l explain -d 'Say what each metric cost, which lines cost it, and what change would gain most'
complete -c dfab -n "__fish_dfab_using_subcommand score" -l exit-zero -d 'Exit with 0 even if something was refused, rejected or failed'
complete -c dfab -n "__fish_dfab_using_subcommand score" -s q -l quiet -d 'No talk on standard error besides errors'
complete -c dfab -n "__fish_dfab_using_subcommand score" -s v -l verbose -d 'More detail'
complete -c dfab -n "__fish_dfab_using_subcommand score" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l against -d 'Old ones: compare each PATH with these too, but not these with one another; `database` is every stored package' -r
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l base -d 'Code handed to everybody: what stands in it too is taken out before comparing, and own scores decide' -r
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l min -d 'Leave out pairs below this score, but for those of which much of one is found in the other [default: 0; with --files 30]' -r
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l cluster-from -d 'Make clusters of pairs from this score on, or from --min on if that is more [default: 97]' -r
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l csv -d 'Write the results as CSV too (- is standard output, alone)' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l html -d 'Write a page with the pairs, clusters and the highest pairs side by side: one file that needs no others' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l database-url -l database -d 'SQLite file that keeps submissions and runs [default: dfab.sqlite3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l artifact-root -d 'Folder that keeps submitted packages [default: `artifacts` beside the database]' -r
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l max-submission-size-bytes -d 'Largest package, in bytes [default: 4MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l max-zip-files -d 'Most files in a package [default: 128]' -r
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l max-zip-uncompressed-bytes -d 'Largest unpacked package, in bytes [default: 32MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l config -d 'Read settings from this YAML file' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l format -d 'How results are printed: table, json or jsonl [default: table; weights: json]' -r -f -a "table\t'Text for people'
json\t'One JSON document'
jsonl\t'One JSON object per line, as results are finished'"
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l stored -d 'Add every stored package of the database, in the order of arrival, named HOTKEY/SUBMISSION'
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l files -d 'Compare each file with those of other packages, rather than packages as a whole'
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l nearest -d 'Show only the nearest neighbour of each'
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l regions -d 'Show the line ranges that agree'
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -l exit-zero -d 'Exit with 0 even if something was refused, rejected or failed'
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -s q -l quiet -d 'No talk on standard error besides errors'
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -s v -l verbose -d 'More detail'
complete -c dfab -n "__fish_dfab_using_subcommand similarity" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c dfab -n "__fish_dfab_using_subcommand runs" -s n -l limit -d 'How many runs to list' -r
complete -c dfab -n "__fish_dfab_using_subcommand runs" -l database-url -l database -d 'SQLite file that keeps submissions and runs [default: dfab.sqlite3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand runs" -l config -d 'Read settings from this YAML file' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand runs" -l format -d 'How results are printed: table, json or jsonl [default: table; weights: json]' -r -f -a "table\t'Text for people'
json\t'One JSON document'
jsonl\t'One JSON object per line, as results are finished'"
complete -c dfab -n "__fish_dfab_using_subcommand runs" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c dfab -n "__fish_dfab_using_subcommand runs" -s q -l quiet -d 'No talk on standard error besides errors'
complete -c dfab -n "__fish_dfab_using_subcommand runs" -s v -l verbose -d 'More detail'
complete -c dfab -n "__fish_dfab_using_subcommand runs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c dfab -n "__fish_dfab_using_subcommand weights" -s o -l output -d 'Write to this file (- is standard output), in one step: readers see the old or the new one, never a part' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand weights" -l epoch -d 'Unix seconds to write as `epoch` [default: now]' -r
complete -c dfab -n "__fish_dfab_using_subcommand weights" -l slug -d 'Short name of the challenge, as the platform knows it [default: data-fabrication]' -r
complete -c dfab -n "__fish_dfab_using_subcommand weights" -l database-url -l database -d 'SQLite file that keeps submissions and runs [default: dfab.sqlite3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand weights" -l config -d 'Read settings from this YAML file' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand weights" -l format -d 'How results are printed: table, json or jsonl [default: table; weights: json]' -r -f -a "table\t'Text for people'
json\t'One JSON document'
jsonl\t'One JSON object per line, as results are finished'"
complete -c dfab -n "__fish_dfab_using_subcommand weights" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c dfab -n "__fish_dfab_using_subcommand weights" -s q -l quiet -d 'No talk on standard error besides errors'
complete -c dfab -n "__fish_dfab_using_subcommand weights" -s v -l verbose -d 'More detail'
complete -c dfab -n "__fish_dfab_using_subcommand weights" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c dfab -n "__fish_dfab_using_subcommand pack" -s o -l output -d 'The ZIP to write' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand pack" -l max-submission-size-bytes -d 'Largest package, in bytes [default: 4MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand pack" -l max-zip-files -d 'Most files in a package [default: 128]' -r
complete -c dfab -n "__fish_dfab_using_subcommand pack" -l max-zip-uncompressed-bytes -d 'Largest unpacked package, in bytes [default: 32MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand pack" -l config -d 'Read settings from this YAML file' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand pack" -l format -d 'How results are printed: table, json or jsonl [default: table; weights: json]' -r -f -a "table\t'Text for people'
json\t'One JSON document'
jsonl\t'One JSON object per line, as results are finished'"
complete -c dfab -n "__fish_dfab_using_subcommand pack" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c dfab -n "__fish_dfab_using_subcommand pack" -s q -l quiet -d 'No talk on standard error besides errors'
complete -c dfab -n "__fish_dfab_using_subcommand pack" -s v -l verbose -d 'More detail'
complete -c dfab -n "__fish_dfab_using_subcommand pack" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l slug -d 'Short name of the challenge, as the platform knows it [default: data-fabrication]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l database-url -l database -d 'SQLite file that keeps submissions and runs [default: dfab.sqlite3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l artifact-root -d 'Folder that keeps submitted packages [default: `artifacts` beside the database]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l max-output-size-bytes -d 'Largest dataset, in bytes [default: 10MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l evaluation-timeout-seconds -l timeout -d 'Wall-clock time one harness may take, in seconds [default: 300]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l sample-preview-limit -d 'Lines of a dataset that are kept as its sample [default: 25]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l runner-seed -l seed -d 'Seed given to every harness [default: 1337]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l runner-output-filename -d 'File name under which a harness may leave its dataset [default: dataset.jsonl]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l direct-subprocess-enabled -l allow-direct -d 'Whether the `direct` executor, which isolates nothing, may be used [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l docker-enabled -d 'Whether harnesses run in containers, unless `executor` says otherwise [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l docker-backend -d 'How containers are started [default: cli]' -r -f -a "cli\t''
broker\t''"
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l docker-bin -d 'The Docker command [default: docker]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l docker-network -d 'Network of the containers [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l docker-cpus -d 'Processors a container may use [default: 2.0]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l docker-memory -d 'Memory of a container [default: 4g]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l docker-memory-swap -d 'Memory and swap of a container together [default: 4g]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l docker-pids-limit -d 'Most processes in a container [default: 512]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l docker-read-only -d 'Whether a container\'s root is read-only [default: true]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l docker-user -d 'User inside the containers; without one it is nobody (65534:65534) [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l docker-seccomp -d 'What decides about system calls in containers: dfab\'s filter on top of the engine\'s profile, or that alone [default: dfab]' -r -f -a "dfab\t''
engine\t''"
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l docker-allowed-images -d 'Images that may be used [default: python:3.12-slim]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l docker-broker-url -d 'Address of the container broker [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l docker-broker-token-file -d 'File that holds the broker\'s token, read when the token is needed [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l llm-judge-enabled -d 'Whether a language model takes part in judging [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l llm-plagiarism-enabled -d 'Whether a language model audits near copies [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l llm-judge-required -d 'Whether a package whose judging the language model fails stays without a result [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l llm-plagiarism-required -d 'Whether a near copy whose audit the language model fails stays without a result [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l llm-endpoint -d 'Chat endpoint of the language model [default: http://localhost:11434/api/chat]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l llm-model -d 'The language model\'s name [default: llama3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l llm-timeout-seconds -d 'Time one request to the language model may take, in seconds [default: 60]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l llm-max-retries -d 'How often a failed request to the language model is repeated [default: 3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l sandbox-memory -l memory -d 'Memory of a sandboxed harness, in bytes [default: 4GiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l sandbox-tmp -d 'Size of a sandboxed harness\'s `/tmp`, in bytes [default: 512MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l sandbox-pids -d 'Most processes and threads of a sandboxed harness [default: 512]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l sandbox-open-files -d 'Most open files of one process of a sandboxed harness [default: 1024]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l sandbox-cpu-seconds -d 'Processor time of a sandboxed harness, in seconds [default: the evaluation timeout, rounded up]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l sandbox-require -l require -d 'Protections without which the sandbox refuses to run anything [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l python -d 'The Python interpreter, a path or a name to look for on PATH [default: python3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l executor -d 'What runs the harnesses [default: sandbox, or as `docker_enabled` and `docker_backend` say]' -r -f -a "sandbox\t''
docker\t''
broker\t''
direct\t''"
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l config -d 'Read settings from this YAML file' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l format -d 'How results are printed: table, json or jsonl [default: table; weights: json]' -r -f -a "table\t'Text for people'
json\t'One JSON document'
jsonl\t'One JSON object per line, as results are finished'"
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -s q -l quiet -d 'No talk on standard error besides errors'
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -s v -l verbose -d 'More detail'
complete -c dfab -n "__fish_dfab_using_subcommand preflight" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c dfab -n "__fish_dfab_using_subcommand config" -l slug -d 'Short name of the challenge, as the platform knows it [default: data-fabrication]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l name -d 'Name of the challenge for people [default: Data Fabrication]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l version -d 'Version reported to the platform [default: this program\'s version]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l database-url -l database -d 'SQLite file that keeps submissions and runs [default: dfab.sqlite3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l artifact-root -d 'Folder that keeps submitted packages [default: `artifacts` beside the database]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l max-submission-size-bytes -d 'Largest package, in bytes [default: 4MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l max-output-size-bytes -d 'Largest dataset, in bytes [default: 10MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l max-zip-files -d 'Most files in a package [default: 128]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l max-zip-uncompressed-bytes -d 'Largest unpacked package, in bytes [default: 32MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l evaluation-timeout-seconds -l timeout -d 'Wall-clock time one harness may take, in seconds [default: 300]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l sample-preview-limit -d 'Lines of a dataset that are kept as its sample [default: 25]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l min-conversations -d 'Fewest conversations of a dataset [default: 1]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l max-conversations -d 'Most conversations of a dataset [default: 10000]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l runner-seed -l seed -d 'Seed given to every harness [default: 1337]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l runner-output-filename -d 'File name under which a harness may leave its dataset [default: dataset.jsonl]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l host -d 'Address the HTTP server listens on [default: 127.0.0.1]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l port -d 'Port the HTTP server listens on [default: 8080]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l public-submissions-enabled -d 'Whether the public submission routes are open [default: true]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand config" -l shared-token-file -d 'File that holds the token, read when the token is needed [default: /run/secrets/platform/challenge_token]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l direct-subprocess-enabled -l allow-direct -d 'Whether the `direct` executor, which isolates nothing, may be used [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand config" -l docker-enabled -d 'Whether harnesses run in containers, unless `executor` says otherwise [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand config" -l docker-backend -d 'How containers are started [default: cli]' -r -f -a "cli\t''
broker\t''"
complete -c dfab -n "__fish_dfab_using_subcommand config" -l docker-bin -d 'The Docker command [default: docker]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l docker-network -d 'Network of the containers [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l docker-cpus -d 'Processors a container may use [default: 2.0]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l docker-memory -d 'Memory of a container [default: 4g]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l docker-memory-swap -d 'Memory and swap of a container together [default: 4g]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l docker-pids-limit -d 'Most processes in a container [default: 512]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l docker-read-only -d 'Whether a container\'s root is read-only [default: true]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand config" -l docker-user -d 'User inside the containers; without one it is nobody (65534:65534) [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l docker-seccomp -d 'What decides about system calls in containers: dfab\'s filter on top of the engine\'s profile, or that alone [default: dfab]' -r -f -a "dfab\t''
engine\t''"
complete -c dfab -n "__fish_dfab_using_subcommand config" -l docker-allowed-images -d 'Images that may be used [default: python:3.12-slim]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l docker-broker-url -d 'Address of the container broker [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l docker-broker-token-file -d 'File that holds the broker\'s token, read when the token is needed [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l llm-judge-enabled -d 'Whether a language model takes part in judging [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand config" -l llm-plagiarism-enabled -d 'Whether a language model audits near copies [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand config" -l llm-judge-required -d 'Whether a package whose judging the language model fails stays without a result [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand config" -l llm-plagiarism-required -d 'Whether a near copy whose audit the language model fails stays without a result [default: false]' -r -f -a "true\t''
false\t''"
complete -c dfab -n "__fish_dfab_using_subcommand config" -l llm-endpoint -d 'Chat endpoint of the language model [default: http://localhost:11434/api/chat]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l llm-model -d 'The language model\'s name [default: llama3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l llm-timeout-seconds -d 'Time one request to the language model may take, in seconds [default: 60]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l llm-max-retries -d 'How often a failed request to the language model is repeated [default: 3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l similarity-window -d 'Earlier submissions that a new one is compared with [default: 50]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l similarity-own-history -d 'Whether a hotkey\'s own earlier submissions are among them [default: include]' -r -f -a "include\t''
exclude\t''"
complete -c dfab -n "__fish_dfab_using_subcommand config" -l sandbox-memory -l memory -d 'Memory of a sandboxed harness, in bytes [default: 4GiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l sandbox-tmp -d 'Size of a sandboxed harness\'s `/tmp`, in bytes [default: 512MiB]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l sandbox-pids -d 'Most processes and threads of a sandboxed harness [default: 512]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l sandbox-open-files -d 'Most open files of one process of a sandboxed harness [default: 1024]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l sandbox-cpu-seconds -d 'Processor time of a sandboxed harness, in seconds [default: the evaluation timeout, rounded up]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l sandbox-require -l require -d 'Protections without which the sandbox refuses to run anything [default: none]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l python -d 'The Python interpreter, a path or a name to look for on PATH [default: python3]' -r
complete -c dfab -n "__fish_dfab_using_subcommand config" -l executor -d 'What runs the harnesses [default: sandbox, or as `docker_enabled` and `docker_backend` say]' -r -f -a "sandbox\t''
docker\t''
broker\t''
direct\t''"
complete -c dfab -n "__fish_dfab_using_subcommand config" -l config -d 'Read settings from this YAML file' -r -F
complete -c dfab -n "__fish_dfab_using_subcommand config" -l format -d 'How results are printed: table, json or jsonl [default: table; weights: json]' -r -f -a "table\t'Text for people'
json\t'One JSON document'
jsonl\t'One JSON object per line, as results are finished'"
complete -c dfab -n "__fish_dfab_using_subcommand config" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c dfab -n "__fish_dfab_using_subcommand config" -s q -l quiet -d 'No talk on standard error besides errors'
complete -c dfab -n "__fish_dfab_using_subcommand config" -s v -l verbose -d 'More detail'
complete -c dfab -n "__fish_dfab_using_subcommand config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c dfab -n "__fish_dfab_using_subcommand help; and not __fish_seen_subcommand_from completions validate review exec run serve-lite score similarity runs weights pack preflight config help" -f -a "completions" -d 'Print the completions of a shell'
complete -c dfab -n "__fish_dfab_using_subcommand help; and not __fish_seen_subcommand_from completions validate review exec run serve-lite score similarity runs weights pack preflight config help" -f -a "validate" -d 'Check packages against the package contract'
complete -c dfab -n "__fish_dfab_using_subcommand help; and not __fish_seen_subcommand_from completions validate review exec run serve-lite score similarity runs weights pack preflight config help" -f -a "review" -d 'Review the Python code of packages without running it'
complete -c dfab -n "__fish_dfab_using_subcommand help; and not __fish_seen_subcommand_from completions validate review exec run serve-lite score similarity runs weights pack preflight config help" -f -a "exec" -d 'Run one harness as a validator would, and nothing else'
complete -c dfab -n "__fish_dfab_using_subcommand help; and not __fish_seen_subcommand_from completions validate review exec run serve-lite score similarity runs weights pack preflight config help" -f -a "run" -d 'Evaluate packages from end to end and store the results'
complete -c dfab -n "__fish_dfab_using_subcommand help; and not __fish_seen_subcommand_from completions validate review exec run serve-lite score similarity runs weights pack preflight config help" -f -a "serve-lite" -d 'Answer the service\'s HTTP requests from the local database'
complete -c dfab -n "__fish_dfab_using_subcommand help; and not __fish_seen_subcommand_from completions validate review exec run serve-lite score similarity runs weights pack preflight config help" -f -a "score" -d 'Score datasets'
complete -c dfab -n "__fish_dfab_using_subcommand help; and not __fish_seen_subcommand_from completions validate review exec run serve-lite score similarity runs weights pack preflight config help" -f -a "similarity" -d 'Compare the structure of Python code'
complete -c dfab -n "__fish_dfab_using_subcommand help; and not __fish_seen_subcommand_from completions validate review exec run serve-lite score similarity runs weights pack preflight config help" -f -a "runs" -d 'List runs, or show one while it goes and afterwards'
complete -c dfab -n "__fish_dfab_using_subcommand help; and not __fish_seen_subcommand_from completions validate review exec run serve-lite score similarity runs weights pack preflight config help" -f -a "weights" -d 'Print the weights: best score per hotkey'
complete -c dfab -n "__fish_dfab_using_subcommand help; and not __fish_seen_subcommand_from completions validate review exec run serve-lite score similarity runs weights pack preflight config help" -f -a "pack" -d 'Make a package from a folder'
complete -c dfab -n "__fish_dfab_using_subcommand help; and not __fish_seen_subcommand_from completions validate review exec run serve-lite score similarity runs weights pack preflight config help" -f -a "preflight" -d 'Check that this machine can evaluate packages'
complete -c dfab -n "__fish_dfab_using_subcommand help; and not __fish_seen_subcommand_from completions validate review exec run serve-lite score similarity runs weights pack preflight config help" -f -a "config" -d 'Print every setting with its origin'
complete -c dfab -n "__fish_dfab_using_subcommand help; and not __fish_seen_subcommand_from completions validate review exec run serve-lite score similarity runs weights pack preflight config help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
