#!/usr/bin/env node
// Starts the gomend that npm has installed for this machine. `gomend install` writes a shim that
// starts that program itself, without node.
"use strict";
const { spawn } = require("child_process");
const { constants } = require("os");
const { isatty } = require("tty");

const name = `gomend-${process.platform}-${process.arch}`;
let program;
try {
  program = require.resolve(`${name}/bin/gomend`);
} catch {
  console.error(`gomend: the npm package ${name} is not there: either there is none for this machine, ` +
    "or optional dependencies were left out (npm install --include=optional)");
  process.exit(1);
}
// Of a signal the program decides; this one ends after it. What a terminal sends goes to both anyway.
const terminal = [0, 1, 2].some((fd) => isatty(fd));
for (const signal of ["SIGINT", "SIGQUIT", "SIGHUP", "SIGTERM"]) {
  process.on(signal, () => terminal && signal !== "SIGTERM" || child.kill(signal));
}
const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
child.on("error", (error) => {
  console.error(`gomend: ${program} cannot be started: ${error.message}`);
  process.exit(126);
});
child.on("exit", (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
