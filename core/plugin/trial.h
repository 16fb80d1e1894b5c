/* SPDX-License-Identifier: MIT */
/* trial.h: a plugin is loaded and asked whether it can be used, in a process of its own. */
#ifndef PLUGIN_TRIAL_H
#define PLUGIN_TRIAL_H

#include "plugin/registry.h"

/* Loads, probes and destroys it in a child process, so that one that crashes, exits or hangs does no harm;
 * the result becomes that of registry_probe(), the plugin stays unloaded here. *facts: what it says by
 * vmrun.facts/1 when it can be used, names and texts in turn; a list to be freed by the caller, NULL: none.
 * VR_E_NOMEM, VR_E_IO: the trial could not be made. [main] */
int32_t trial_probe(struct registry *r, struct loaded_plugin *p, char ***facts);

#endif
