# Visits the shop once for each app: every app must have answered, and with goods.
set -euo pipefail
node - <<'PROGRAM' >pages
const { SHOP, APPS } = process.env;
(async () => {
  for (let visit = 0; visit < Number(APPS); visit++) {
    const answer = await fetch(SHOP);
    const page = await answer.text();
    if (!answer.ok || !page.includes("yarn 3")) throw new Error(`HTTP ${answer.status}: ${page}`);
    process.stdout.write(page);
  }
})();
PROGRAM
cat pages
test "$(cut -d: -f1 pages | sort -u | wc -l)" -eq "$APPS"
head -n 1 pages | weft-put page -
