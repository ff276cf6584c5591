#!/usr/bin/env node
// Sends each line of standard input, an event as JSON, through npm's splunk-logging: HOST PORT TOKEN SOURCE
const { readFileSync } = require("fs");
const { Logger } = require("splunk-logging");

const [host, port, token, source] = process.argv.slice(2);
const logger = new Logger({ protocol: "http", host, port: Number(port), token, maxBatchCount: 0 });
// By itself it would wrap what is said in an object with a severity.
logger.eventFormatter = (message) => message;
logger.error = (error) => {
  console.error(String(error));
  process.exitCode = 1;
};
for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  logger.send({ message: JSON.parse(line), metadata: { source } });
}
logger.flush((error, response, body) => {
  console.log(JSON.stringify(body));
  if (error || body.code !== 0) process.exitCode = 1;
});
