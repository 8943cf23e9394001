// The contract of tools against the real Ansible.
import { describeTool } from "../tool.ts";
import { ansibleUnderTest } from "../tools/ansible.ts";

describeTool(ansibleUnderTest);
