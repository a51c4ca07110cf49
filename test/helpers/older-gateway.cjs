// Stands in for the release before this one: the same build, with jobs queued in the format of that time.
const path = require('node:path');
const dist = path.join(__dirname, '..', '..', 'dist');
const { createApp } = require(path.join(dist, 'app.js'));
const { readConfig } = require(path.join(dist, 'config.js'));
const { createLogger } = require(path.join(dist, 'observability', 'logger.js'));

const config = readConfig();
createApp(config, createLogger(config.logLevel), { chunkFormat: 1 }).then(({ url }) => {
  process.stdout.write(`  GraphQL  ${url}/graphql\n`);
});
