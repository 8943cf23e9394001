// The contract of tools against real versions of Chef, and what only Chef can show.
import { describeTool } from "../tool.ts";
import { chefUnderTest } from "../tools/chef.ts";

// Both ways of running it in the newest version, and the newest way in the older one.
describeTool(chefUnderTest("18", "client"));
