/** Everything that must hold before a change is taken. The last line is `N passed, N failed`. */
import { checkStages } from './check-stages.js'
import { runStages } from './stages.js'

await runStages(checkStages)
