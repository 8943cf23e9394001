# Writes to the primary and reads it back from every member.
set -euo pipefail
node - <<'PROGRAM' | weft-put report -
const { DIRECTORY, ENDPOINTS, PRIMARY } = process.env;
(async () => {
  const endpoints = JSON.parse(ENDPOINTS);
  const written = await fetch(`${PRIMARY}/write`, { method: "POST", body: JSON.stringify({ answer: 42 }) });
  if (!written.ok) throw new Error(await written.text());
  const answers = await Promise.all(endpoints.map(async (endpoint) => (await (await fetch(`${endpoint}/rows`)).json()).answer));
  if (answers.some((answer) => answer !== 42)) throw new Error(`read back ${JSON.stringify(answers)}`);
  const enrolled = Object.keys(await (await fetch(DIRECTORY)).json());
  if (enrolled.length !== endpoints.length) throw new Error(`enrolled: ${enrolled}`);
  console.log(JSON.stringify({ members: enrolled.length, replicas: answers.length - 1 }));
})();
PROGRAM
