/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  setupFiles: ['reflect-metadata'],
  transform: { '\\.[jt]s$': '@swc/jest' },
  // jose is published as ES modules only, which jest can't load on Node 20: swc compiles it.
  transformIgnorePatterns: ['/node_modules/(?!jose/)'],
  reporters: ['default', '<rootDir>/test/helpers/closing-line.reporter.js'],
  testTimeout: 30_000,
  // More than this and the real sockets, stores and processes of the tests wait for the processor, not for each other.
  maxWorkers: 2,
};
