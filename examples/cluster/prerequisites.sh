# Enrols this member in the directory, which must be up by now.
set -euo pipefail
node - <<'PROGRAM'
const { NAME, ADDRESS, DIRECTORY } = process.env;
fetch(`${DIRECTORY}/${NAME}`, { method: "PUT", body: ADDRESS }).then(async (answer) => {
  console.log(`enrolled: ${await answer.text()}`);
  process.exitCode = answer.ok ? 0 : 1;
});
PROGRAM
