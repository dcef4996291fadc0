#!/usr/bin/env node
// Starts the gomend that npm has installed for this machine. `gomend install` writes a shim that
// starts that program itself, without node.
"use strict";
const { spawnSync } = require("child_process");
const { constants } = require("os");

const name = `gomend-${process.platform}-${process.arch}`;
let program;
try {
  program = require.resolve(`${name}/bin/gomend`);
} catch {
  console.error(`gomend: the npm package ${name} is not there: either there is none for this machine, ` +
    "or optional dependencies were left out (npm install --include=optional)");
  process.exit(1);
}
const end = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (end.error) {
  console.error(`gomend: ${program} cannot be started: ${end.error.message}`);
  process.exit(126);
}
process.exit(end.signal ? 128 + constants.signals[end.signal] : end.status);
