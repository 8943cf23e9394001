# Chef as the suite runs it: without most of the plug-ins that look at the machine.
minimal_ohai true
