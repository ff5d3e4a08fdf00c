// Limits that the alerts and the command line use too; a test keeps them equal to _config of
// dashboards/mixin.libsonnet.

// Below this part of the chips, too little is heard to say anything for sure.
export const GOOD_COVERAGE = 0.9;
// Below this utilization a pool counts as underused, once it lasts.
export const UNDERUSED = 0.5;
// Less than this part of the allocation left: nearly full.
export const NEARLY_FULL = 0.05;
// A category is off its plan by more than this part of the supply.
export const DRIFT = 0.05;
// More than this part of the buffer is in use.
export const BUFFER_IN_USE = 0.4;
