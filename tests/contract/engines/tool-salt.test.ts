// The contract of tools against the real Salt, wherever there is one.
import { describeTool } from "../tool.ts";
import { saltUnderTest } from "../tools/salt.ts";

describeTool(saltUnderTest);
