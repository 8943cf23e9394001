// Made by tools/make-type-table.py from Heat 19.0.0: do not edit. Each resource type with the names of its properties.

export const propertyTable: Readonly<Record<string, string>> = {
  "AWS::AutoScaling::AutoScalingGroup":
    "AvailabilityZones Cooldown DesiredCapacity HealthCheckGracePeriod HealthCheckType InstanceId LaunchConfigurationName LoadBalancerNames MaxSize MinSize Tags VPCZoneIdentifier",
  "AWS::AutoScaling::LaunchConfiguration":
    "BlockDeviceMappings ImageId InstanceId InstanceType KernelId KeyName NovaSchedulerHints RamDiskId SecurityGroups UserData",
  "AWS::AutoScaling::ScalingPolicy": "AdjustmentType AutoScalingGroupName Cooldown MinAdjustmentStep ScalingAdjustment",
  "AWS::CloudFormation::Stack": "Parameters TemplateURL TimeoutInMinutes",
  "AWS::CloudFormation::WaitCondition": "Count Handle Timeout",
  "AWS::CloudFormation::WaitConditionHandle": "",
  "AWS::EC2::EIP": "Domain InstanceId",
  "AWS::EC2::EIPAssociation": "AllocationId EIP InstanceId NetworkInterfaceId",
  "AWS::EC2::Instance":
    "AvailabilityZone BlockDeviceMappings DisableApiTermination ImageId InstanceType KernelId KeyName Monitoring NetworkInterfaces NovaSchedulerHints PlacementGroupName PrivateIpAddress RamDiskId SecurityGroupIds SecurityGroups SourceDestCheck SubnetId Tags Tenancy UserData Volumes",
  "AWS::EC2::InternetGateway": "Tags",
  "AWS::EC2::NetworkInterface": "Description GroupSet PrivateIpAddress SourceDestCheck SubnetId Tags",
  "AWS::EC2::RouteTable": "Tags VpcId",
  "AWS::EC2::SecurityGroup": "GroupDescription SecurityGroupEgress SecurityGroupIngress VpcId",
  "AWS::EC2::Subnet": "AvailabilityZone CidrBlock Tags VpcId",
  "AWS::EC2::SubnetRouteTableAssociation": "RouteTableId SubnetId",
  "AWS::EC2::VPC": "CidrBlock InstanceTenancy Tags",
  "AWS::EC2::VPCGatewayAttachment": "InternetGatewayId VpcId VpnGatewayId",
  "AWS::EC2::Volume": "AvailabilityZone Size SnapshotId Tags",
  "AWS::EC2::VolumeAttachment": "Device InstanceId VolumeId",
  "AWS::ElasticLoadBalancing::LoadBalancer":
    "AppCookieStickinessPolicy AvailabilityZones HealthCheck Instances LBCookieStickinessPolicy Listeners SecurityGroups Subnets",
  "AWS::IAM::AccessKey": "Serial Status UserName",
  "AWS::IAM::User": "Groups LoginProfile Path Policies",
  "AWS::S3::Bucket": "AccessControl Tags WebsiteConfiguration",
  "OS::Aodh::Alarm":
    "alarm_actions alarm_queues comparison_operator description enabled evaluation_periods insufficient_data_actions insufficient_data_queues matching_metadata meter_name ok_actions ok_queues period query repeat_actions severity statistic threshold time_constraints",
  "OS::Aodh::CombinationAlarm": "",
  "OS::Aodh::CompositeAlarm":
    "alarm_actions alarm_queues composite_rule description enabled insufficient_data_actions insufficient_data_queues ok_actions ok_queues repeat_actions severity time_constraints",
  "OS::Aodh::EventAlarm":
    "alarm_actions alarm_queues description enabled event_type insufficient_data_actions insufficient_data_queues ok_actions ok_queues query repeat_actions severity time_constraints",
  "OS::Aodh::GnocchiAggregationByMetricsAlarm":
    "aggregation_method alarm_actions alarm_queues comparison_operator description enabled evaluation_periods granularity insufficient_data_actions insufficient_data_queues metrics ok_actions ok_queues repeat_actions severity threshold time_constraints",
  "OS::Aodh::GnocchiAggregationByResourcesAlarm":
    "aggregation_method alarm_actions alarm_queues comparison_operator description enabled evaluation_periods granularity insufficient_data_actions insufficient_data_queues metric ok_actions ok_queues query repeat_actions resource_type severity threshold time_constraints",
  "OS::Aodh::GnocchiResourcesAlarm":
    "aggregation_method alarm_actions alarm_queues comparison_operator description enabled evaluation_periods granularity insufficient_data_actions insufficient_data_queues metric ok_actions ok_queues repeat_actions resource_id resource_type severity threshold time_constraints",
  "OS::Aodh::LBMemberHealthAlarm":
    "alarm_actions alarm_queues autoscaling_group_id description enabled insufficient_data_actions insufficient_data_queues ok_actions ok_queues pool repeat_actions severity stack time_constraints",
  "OS::Barbican::CertificateContainer": "certificate_ref intermediates_ref name private_key_passphrase_ref private_key_ref",
  "OS::Barbican::GenericContainer": "name secrets",
  "OS::Barbican::Order":
    "algorithm bit_length ca_id expiration mode name pass_phrase payload_content_type profile request_data request_type source_container_ref subject_dn type",
  "OS::Barbican::RSAContainer": "name private_key_passphrase_ref private_key_ref public_key_ref",
  "OS::Barbican::Secret":
    "algorithm bit_length expiration mode name payload payload_content_encoding payload_content_type secret_type",
  "OS::Blazar::Host": "extra_capability name",
  "OS::Blazar::Lease": "before_end_date end_date events name reservations start_date",
  "OS::Cinder::EncryptedVolumeType": "cipher control_location key_size provider volume_type",
  "OS::Cinder::QoSAssociation": "qos_specs volume_types",
  "OS::Cinder::QoSSpecs": "name specs",
  "OS::Cinder::Quota": "backup_gigabytes backups gigabytes project snapshots volumes",
  "OS::Cinder::Volume":
    "availability_zone backup_id description image imageRef metadata multiattach name read_only scheduler_hints size snapshot_id source_volid volume_type",
  "OS::Cinder::VolumeAttachment": "instance_uuid mountpoint volume_id",
  "OS::Cinder::VolumeType": "description is_public metadata name projects",
  "OS::Designate::Domain": "",
  "OS::Designate::Record": "",
  "OS::Designate::RecordSet": "description name records ttl type zone",
  "OS::Designate::Zone": "description email masters name primaries ttl type",
  "OS::Glance::Image":
    "architecture container_format disk_format extra_properties id is_public kernel_id location min_disk min_ram name os_distro owner protected ramdisk_id tags",
  "OS::Glance::WebImage":
    "active architecture container_format disk_format extra_properties id kernel_id location members min_disk min_ram name os_distro os_version owner protected ramdisk_id tags visibility",
  "OS::Heat::AccessPolicy": "AllowedResources",
  "OS::Heat::AutoScalingGroup": "cooldown desired_capacity max_size min_size resource rolling_updates",
  "OS::Heat::CloudConfig": "cloud_config",
  "OS::Heat::Delay": "actions jitter_multiplier max_jitter min_wait",
  "OS::Heat::DeployedServer": "deployment_swift_data metadata name software_config_transport",
  "OS::Heat::HARestarter": "",
  "OS::Heat::InstanceGroup": "AvailabilityZones LaunchConfigurationName LoadBalancerNames Size Tags",
  "OS::Heat::MultipartMime": "group parts",
  "OS::Heat::None": "",
  "OS::Heat::RandomString": "character_classes character_sequences length salt sequence",
  "OS::Heat::ResourceChain": "concurrent resource_properties resources",
  "OS::Heat::ResourceGroup": "count index_var removal_policies removal_policies_mode resource_def",
  "OS::Heat::ScalingPolicy": "adjustment_type auto_scaling_group_id cooldown min_adjustment_step scaling_adjustment",
  "OS::Heat::SoftwareComponent": "configs inputs options outputs",
  "OS::Heat::SoftwareConfig": "config group inputs options outputs",
  "OS::Heat::SoftwareDeployment": "actions config input_values name server signal_transport",
  "OS::Heat::SoftwareDeploymentGroup": "actions config input_values name servers signal_transport",
  "OS::Heat::SoftwareDeployments": "actions config input_values name servers signal_transport",
  "OS::Heat::Stack": "context parameters template timeout",
  "OS::Heat::StructuredConfig": "config group inputs options outputs",
  "OS::Heat::StructuredDeployment": "actions config input_key input_values input_values_validate name server signal_transport",
  "OS::Heat::StructuredDeploymentGroup":
    "actions config input_key input_values input_values_validate name servers signal_transport",
  "OS::Heat::StructuredDeployments": "actions config input_key input_values input_values_validate name servers signal_transport",
  "OS::Heat::SwiftSignal": "count handle timeout",
  "OS::Heat::SwiftSignalHandle": "",
  "OS::Heat::TestResource":
    "action_wait_secs attr_wait_secs client_name constraint_prop_secs entity_name fail update_replace update_replace_value value wait_secs",
  "OS::Heat::UpdateWaitConditionHandle": "",
  "OS::Heat::Value": "type value",
  "OS::Heat::WaitCondition": "count handle timeout",
  "OS::Heat::WaitConditionHandle": "signal_transport",
  "OS::Ironic::Port": "address extra is_smartnic local_link_connection node physical_network portgroup pxe_enabled",
  "OS::Keystone::Domain": "description enabled name",
  "OS::Keystone::Endpoint": "enabled interface name region service url",
  "OS::Keystone::Group": "description domain name roles",
  "OS::Keystone::GroupRoleAssignment": "group roles",
  "OS::Keystone::Project": "description domain enabled name parent tags",
  "OS::Keystone::Region": "description enabled id parent_region",
  "OS::Keystone::Role": "domain name",
  "OS::Keystone::Service": "description enabled name type",
  "OS::Keystone::User": "default_project description domain email enabled groups name password roles",
  "OS::Keystone::UserRoleAssignment": "roles user",
  "OS::Magnum::Bay": "",
  "OS::Magnum::BayModel":
    "coe dns_nameserver docker_storage_driver docker_volume_size external_network fixed_network fixed_subnet flavor floating_ip_enabled http_proxy https_proxy image keypair labels master_flavor master_lb_enabled name network_driver no_proxy public registry_enabled server_type tls_disabled volume_driver",
  "OS::Magnum::Cluster": "cluster_template create_timeout discovery_url keypair master_count name node_count",
  "OS::Magnum::ClusterTemplate":
    "coe dns_nameserver docker_storage_driver docker_volume_size external_network fixed_network fixed_subnet flavor floating_ip_enabled http_proxy https_proxy image keypair labels master_flavor master_lb_enabled name network_driver no_proxy public registry_enabled server_type tls_disabled volume_driver",
  "OS::Manila::SecurityService": "description dns_ip domain name password server type user",
  "OS::Manila::Share": "access_rules description is_public metadata name share_network share_protocol share_type size snapshot",
  "OS::Manila::ShareNetwork": "description name neutron_network neutron_subnet nova_network security_services",
  "OS::Manila::ShareType": "driver_handles_share_servers extra_specs is_public name snapshot_support",
  "OS::Mistral::CronTrigger": "count first_time name pattern workflow",
  "OS::Mistral::ExternalResource": "actions always_update description input replace_on_change_inputs",
  "OS::Mistral::Workflow": "description input name output params tags task_defaults tasks type use_request_body_as_input",
  "OS::Monasca::AlarmDefinition":
    "actions_enabled alarm_actions description expression match_by name ok_actions severity undetermined_actions",
  "OS::Monasca::Notification": "address name period type",
  "OS::Neutron::AddressScope": "ip_version name shared tenant_id",
  "OS::Neutron::ExtraRoute": "destination nexthop router_id",
  "OS::Neutron::ExtraRouteSet": "router routes",
  "OS::Neutron::Firewall": "admin_state_up description firewall_policy_id name shared value_specs",
  "OS::Neutron::FirewallPolicy": "audited description firewall_rules name shared",
  "OS::Neutron::FirewallRule":
    "action description destination_ip_address destination_port enabled ip_version name protocol shared source_ip_address source_port",
  "OS::Neutron::FloatingIP":
    "dns_domain dns_name fixed_ip_address floating_ip_address floating_network floating_network_id floating_subnet port_id value_specs",
  "OS::Neutron::FloatingIPAssociation": "fixed_ip_address floatingip_id port_id",
  "OS::Neutron::FloatingIPPortForward":
    "external_port floating_ip internal_ip_address internal_port internal_port_number protocol",
  "OS::Neutron::FlowClassifier":
    "description destination_ip_prefix destination_port_range_max destination_port_range_min ethertype l7_parameters logical_destination_port logical_source_port name protocol source_ip_prefix source_port_range_max source_port_range_min",
  "OS::Neutron::HealthMonitor": "admin_state_up delay expected_codes http_method max_retries timeout type url_path",
  "OS::Neutron::IKEPolicy":
    "auth_algorithm description encryption_algorithm ike_version lifetime name pfs phase1_negotiation_mode",
  "OS::Neutron::IPsecPolicy":
    "auth_algorithm description encapsulation_mode encryption_algorithm lifetime name pfs transform_protocol",
  "OS::Neutron::IPsecSiteConnection":
    "admin_state_up description dpd ikepolicy_id initiator ipsecpolicy_id mtu name peer_address peer_cidrs peer_id psk vpnservice_id",
  "OS::Neutron::L2Gateway": "devices name",
  "OS::Neutron::L2GatewayConnection": "l2_gateway_id network_id segmentation_id",
  "OS::Neutron::LBaaS::HealthMonitor":
    "admin_state_up delay expected_codes http_method max_retries pool tenant_id timeout type url_path",
  "OS::Neutron::LBaaS::L7Policy": "action admin_state_up description listener name position redirect_pool redirect_url",
  "OS::Neutron::LBaaS::L7Rule": "admin_state_up compare_type invert key l7policy type value",
  "OS::Neutron::LBaaS::Listener":
    "admin_state_up connection_limit default_pool default_tls_container_ref description loadbalancer name protocol protocol_port sni_container_refs tenant_id",
  "OS::Neutron::LBaaS::LoadBalancer": "admin_state_up description name provider tenant_id vip_address vip_subnet",
  "OS::Neutron::LBaaS::Pool": "admin_state_up description lb_algorithm listener loadbalancer name protocol session_persistence",
  "OS::Neutron::LBaaS::PoolMember": "address admin_state_up pool protocol_port subnet weight",
  "OS::Neutron::LoadBalancer": "members pool_id protocol_port",
  "OS::Neutron::MeteringLabel": "description name shared",
  "OS::Neutron::MeteringRule": "direction excluded metering_label_id remote_ip_prefix",
  "OS::Neutron::Net":
    "admin_state_up availability_zone_hints dhcp_agent_ids dns_domain name port_security_enabled qos_policy shared tags tenant_id value_specs",
  "OS::Neutron::NetworkGateway": "connections devices name",
  "OS::Neutron::Pool": "admin_state_up description lb_method monitors name protocol provider subnet subnet_id vip",
  "OS::Neutron::PoolMember": "address admin_state_up pool_id protocol_port weight",
  "OS::Neutron::Port":
    "admin_state_up allowed_address_pairs binding:vnic_type device_id device_owner dns_name fixed_ips mac_address name network network_id no_fixed_ips port_security_enabled propagate_uplink_status qos_policy replacement_policy security_groups tags value_specs",
  "OS::Neutron::PortChain": "chain_parameters description flow_classifiers name port_pair_groups",
  "OS::Neutron::PortPair": "description egress ingress name service_function_parameters",
  "OS::Neutron::PortPairGroup": "description name port_pairs",
  "OS::Neutron::ProviderNet":
    "admin_state_up availability_zone_hints dns_domain name network_type physical_network port_security_enabled router_external segmentation_id shared tags",
  "OS::Neutron::QoSBandwidthLimitRule": "direction max_burst_kbps max_kbps policy tenant_id",
  "OS::Neutron::QoSDscpMarkingRule": "dscp_mark policy tenant_id",
  "OS::Neutron::QoSMinimumBandwidthRule": "direction min_kbps policy tenant_id",
  "OS::Neutron::QoSMinimumPacketRateRule": "direction min_kpps policy tenant_id",
  "OS::Neutron::QoSPolicy": "description name shared tenant_id",
  "OS::Neutron::Quota": "floatingip network port project rbac_policy router security_group security_group_rule subnet subnetpool",
  "OS::Neutron::RBACPolicy": "action object_id object_type target_tenant tenant_id",
  "OS::Neutron::Router":
    "admin_state_up availability_zone_hints distributed external_gateway_info ha l3_agent_id l3_agent_ids name tags value_specs",
  "OS::Neutron::RouterGateway": "network network_id router_id",
  "OS::Neutron::RouterInterface": "port port_id router router_id subnet subnet_id",
  "OS::Neutron::SecurityGroup": "description name rules",
  "OS::Neutron::SecurityGroupRule":
    "description direction ethertype port_range_max port_range_min protocol remote_group remote_ip_prefix security_group",
  "OS::Neutron::Segment": "description name network network_type physical_network segmentation_id",
  "OS::Neutron::Subnet":
    "allocation_pools cidr dns_nameservers enable_dhcp gateway_ip host_routes ip_version ipv6_address_mode ipv6_ra_mode name network network_id prefixlen segment subnetpool tags tenant_id value_specs",
  "OS::Neutron::SubnetPool":
    "address_scope default_prefixlen default_quota is_default max_prefixlen min_prefixlen name prefixes shared tags tenant_id",
  "OS::Neutron::TaaS::TapFlow": "description direction name port tap_service vlan_filter",
  "OS::Neutron::TaaS::TapService": "description name port",
  "OS::Neutron::Trunk": "admin_state_up description name port sub_ports",
  "OS::Neutron::VPNService": "admin_state_up description name router router_id subnet subnet_id",
  "OS::Nova::Flavor": "disk ephemeral extra_specs flavorid is_public name ram rxtx_factor swap tenants vcpus",
  "OS::Nova::FloatingIP": "pool",
  "OS::Nova::FloatingIPAssociation": "floating_ip server_id",
  "OS::Nova::HostAggregate": "availability_zone hosts metadata name",
  "OS::Nova::KeyPair": "name public_key save_private_key type user",
  "OS::Nova::Quota":
    "cores fixed_ips floating_ips injected_file_content_bytes injected_file_path_bytes injected_files instances key_pairs metadata_items project ram security_group_rules security_groups server_group_members server_groups",
  "OS::Nova::Server":
    "admin_pass admin_user availability_zone block_device_mapping block_device_mapping_v2 config_drive deployment_swift_data diskConfig flavor flavor_update_policy image image_update_policy key_name metadata name networks personality reservation_id scheduler_hints security_groups software_config_transport tags user_data user_data_format user_data_update_policy",
  "OS::Nova::ServerGroup": "name policies rules",
  "OS::Octavia::Flavor": "description enabled flavor_profile name",
  "OS::Octavia::FlavorProfile": "flavor_data name provider_name",
  "OS::Octavia::HealthMonitor":
    "admin_state_up delay expected_codes http_method max_retries pool tenant_id timeout type url_path",
  "OS::Octavia::L7Policy": "action admin_state_up description listener name position redirect_pool redirect_url",
  "OS::Octavia::L7Rule": "admin_state_up compare_type invert key l7policy type value",
  "OS::Octavia::Listener":
    "admin_state_up allowed_cidrs connection_limit default_pool default_tls_container_ref description loadbalancer name protocol protocol_port sni_container_refs tenant_id",
  "OS::Octavia::LoadBalancer":
    "admin_state_up availability_zone description flavor name provider tenant_id vip_address vip_subnet",
  "OS::Octavia::Pool":
    "admin_state_up description lb_algorithm listener loadbalancer name protocol session_persistence tls_enabled",
  "OS::Octavia::PoolMember": "address admin_state_up monitor_address monitor_port pool protocol_port subnet tags weight",
  "OS::Octavia::Quota": "healthmonitor listener loadbalancer member pool project",
  "OS::Sahara::Cluster":
    "cluster_template_id default_image_id hadoop_version image key_name name neutron_management_network plugin_name shares use_autoconfig",
  "OS::Sahara::ClusterTemplate":
    "anti_affinity cluster_configs default_image_id description hadoop_version name neutron_management_network node_groups plugin_name shares use_autoconfig",
  "OS::Sahara::DataSource": "credentials description name type url",
  "OS::Sahara::ImageRegistry": "description image tags username",
  "OS::Sahara::Job": "default_execution_data description is_protected is_public libs mains name type",
  "OS::Sahara::JobBinary": "credentials description name url",
  "OS::Sahara::NodeGroupTemplate":
    "auto_security_group availability_zone description flavor floating_ip_pool hadoop_version image_id is_proxy_gateway name node_configs node_processes plugin_name security_groups shares use_autoconfig volume_local_to_instance volume_type volumes_availability_zone volumes_per_node volumes_size",
  "OS::Senlin::Cluster": "desired_capacity max_size metadata min_size name policies profile timeout",
  "OS::Senlin::Node": "cluster metadata name profile",
  "OS::Senlin::Policy": "bindings name properties type",
  "OS::Senlin::Profile": "metadata name properties type",
  "OS::Senlin::Receiver": "action cluster name params type",
  "OS::Swift::Container": "PurgeOnDelete X-Account-Meta X-Container-Meta X-Container-Read X-Container-Write name",
  "OS::Trove::Cluster": "datastore_type datastore_version instances name",
  "OS::Trove::Instance":
    "availability_zone databases datastore_type datastore_version flavor name networks replica_count replica_of restore_point size users",
  "OS::Vitrage::Template": "template_file template_params",
  "OS::Zaqar::MistralTrigger": "input params queue_name ttl workflow_id",
  "OS::Zaqar::Queue": "metadata name",
  "OS::Zaqar::SignedQueueURL": "methods paths queue ttl",
  "OS::Zaqar::Subscription": "options queue_name subscriber ttl",
  "OS::Zun::Container":
    "command cpu environment hints hostname image image_driver image_pull_policy interactive labels memory mounts name networks restart_policy security_groups tty workdir",
};
