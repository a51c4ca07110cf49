/** Names the suites that were left out, and ends a run with one plain line that any CI can count. */
module.exports = class ClosingLine {
  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, testResults } = results;
    const leftOut = testResults.flatMap(({ testResults: tests }) =>
      tests.filter(({ status }) => status === 'pending').map(({ ancestorTitles: [suite] }) => suite),
    );
    for (const suite of new Set(leftOut)) process.stdout.write(`left out: ${suite}\n`);
    if (leftOut.length > 0)
      process.stdout.write('These need PostgreSQL: its initdb and postgres, or TEST_POSTGRES_URL.\n');
    const failed = Math.max(numFailedTests, numFailedTestSuites > 0 ? 1 : 0);
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    process.stdout.write(`\n${numPassedTests} passed, ${failed} failed${skipped}\n`);
  }
};
