/** Writes the reports of the API in api/; with `--check` fails if one is stale instead, and prints the difference. */
import { apiReports, changesOf } from './api/report.ts';
import { writeOrCheck } from './generated-files.ts';

writeOrCheck(apiReports(), 'npm run gen:api', changesOf);
