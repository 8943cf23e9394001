// The contract of tools against the real Puppet.
import { describeTool } from "../tool.ts";
import { puppetUnderTest } from "../tools/puppet.ts";

describeTool(puppetUnderTest);
