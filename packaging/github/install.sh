#!/bin/sh
# The step `install` of action.yml: the program, the shim first on PATH, the problem matcher, the files of a failure.
# Needs RUNNER_TEMP, GITHUB_PATH, GITHUB_ENV, GITHUB_ACTION_PATH (the action's folder); GOMEND_VERSION may be empty.
set -eu
folder=$RUNNER_TEMP/gomend
sh "$GITHUB_ACTION_PATH/install.sh" ${GOMEND_VERSION:+--version "$GOMEND_VERSION"} --dir "$folder/bin"
"$folder/bin/gomend" install --shell none --dir "$folder/shims"
printf '%s\n' "$folder/bin" "$folder/shims" >>"$GITHUB_PATH" # the later line comes first on PATH
printf '%s\n' "GOMEND_REPORT=$folder/report.json" "GOMEND_JUNIT=$folder/report.xml" >>"$GITHUB_ENV"
echo "::add-matcher::$GITHUB_ACTION_PATH/docs/problem-matcher.json"
