# In chef: gives declared attributes their values when a cookbook reads them, and notes declared outputs that it writes.
require_relative 'weft_client'
require 'chef/node'
require 'chef/delayed_evaluator'
require 'chef/event_dispatch/base'

module WeftChef
  # Paths of declared attributes, by the names of inputs.
  PATHS = WeftClient::INPUTS.to_h { |name| [name, name.split('.')] }
  # The same as nested maps, whose leaves are the names.
  TREE = PATHS.each_with_object({}) do |(name, path), tree|
    path[0..-2].inject(tree) { |below, key| below[key] ||= {} }[path.last] = name
  end
  @values = {}
  @written = {}

  class << self
    attr_reader :attributes, :failure

    # The name of the input that is at `path` or above it; a map of those that are below; nil where there is none.
    def find(path)
      path.inject(TREE) { |found, key| found.is_a?(Hash) ? found[key.to_s] : found }
    end

    # The path of `keys` in a part of the merged view of this run's node, or in the whole of it; nil in all other maps.
    def path_in(part, *keys)
      return nil if attributes.nil? || @quiet
      return keys if attributes.equal?(part)
      return nil if part.__path__.nil? || part.__path__.empty?
      roots = [attributes, attributes.deep_merge_cache]
      roots.any? { |root| root.equal?(part.__root__) } ? part.__path__ + keys : nil
    end

    # What is at `path`: of an input its value; of all else, and where the input is absent, what the block finds.
    def look(path, how = :read, &plain)
      name = path && find(path)
      return true if name.is_a?(Hash) && how == :exist?
      return plain.call unless name.is_a?(String)
      return how == :exist? || Later.new { WeftChef.value_at(name, path, how, &plain) } if later?(name, path)
      value_at(name, path, how, &plain)
    end

    def value_at(name, path, how)
      ask(name).nil? ? yield : quietly { attributes.public_send(how, *path) }
    end

    # While cookbooks are compiled, a deferred input is handed on as it is: the resource that gets it asks when it is applied.
    def later?(name, path)
      WeftClient::JOB['deferred'].include?(name) && !@converging && !@values.key?(name) && path.length == PATHS[name].length
    end

    def ask(name)
      return @values[name] if @values.key?(name)
      @values[name] = WeftClient.read(name)
      attributes.reset_cache(PATHS[name].first)
      @values[name]
    end

    def ask_all(tree)
      tree.each_value { |below| below.is_a?(Hash) ? ask_all(below) : ask(below) }
    end

    # A part of the merged view with the values of all inputs in it. What Chef does with the whole node after the run is no read.
    def whole(part)
      path = path_in(part)
      return part unless path && @running && find(path).is_a?(Hash)
      ask_all(find(path))
      path.empty? ? part : quietly { attributes.read(*path) }
    end

    # Lays values over what all levels of precedence make together: they are stored in none of them, and merged with none.
    def lay_over(merged, found)
      return merged if found.nil?
      return @values[found].nil? ? merged : @values[found] if found.is_a?(String)
      part = merged.is_a?(Chef::Node::ImmutableMash) ? merged : Chef::Node::ImmutableMash.new({})
      found.each do |key, below|
        value = lay_over(part.internal_get(key), below)
        part.internal_set(key, value) unless value.nil?
      end
      part
    end

    def quietly
      before, @quiet = @quiet, true
      yield
    ensure
      @quiet = before
    end

    # A write while resources are applied counts at once. One above an output counts if its value has the output's key; one below it
    # may be a part of more, and an empty map comes before its first key: these are read at the end.
    def changed(path, value)
      return unless @converging
      WeftClient::OUTPUTS.each do |output|
        at = output['from'].split('.')
        next unless at.first(path.length) == path.map(&:to_s)
        given = at.drop(path.length).inject(value) { |map, key| map.is_a?(Hash) ? map.fetch(key, nil) : nil }
        write(output) unless given.nil? || given == {}
      end
    end

    # Publishes what all levels make together, which may be another value than the one just written.
    def write(output)
      value = plain(attributes.read(*output['from'].split('.')))
      return if value.nil? || (value == {} && output['type'] != 'json') || @written[output['name']] == value
      WeftClient.write(output, value)
      @written[output['name']] = value
    rescue WeftClient::Error => error
      raise error.class, "output #{output['name']}: #{error.message}"
    end

    def plain(value)
      case value
      when Chef::DelayedEvaluator then plain(value.call)
      when Hash then value.to_h { |key, item| [key.to_s, plain(item)] }
      when Array then value.map { |item| plain(item) }
      when String, Numeric, true, false, nil then value
      else value.to_s
      end
    end

    def start(node)
      @attributes = node.attributes
      @running = true
      attributes.reset_cache
    end

    def start_converging
      @converging = true
    end

    # What was written while cookbooks were compiled counts now, and what no event has told of.
    def finish
      WeftClient::OUTPUTS.each { |output| write(output) }
      @running = false
    end

    # In one line, as the last line of the log is the reason that people see first. What a failed command said comes last.
    def fail(error)
      @running = false
      lines = error.message.lines.map(&:strip).reject(&:empty?)
      said = lines.drop_while { |line| !line.start_with?('STDERR:') }.take_while { |line| !line.start_with?('---- End') }
      @failure = [lines.first || error.class.name, *said.last].join(': ')
    end
  end

  # In place of the value of a deferred input: any use but handing it on asks for the value.
  class Later < Chef::DelayedEvaluator
    [:[], :==, :!=, :=~, :<=>, :eql?, :hash, :to_s, :inspect, :to_json, :to_yaml, :<<, :>>].each do |name|
      define_method(name) { |*args, &block| call.public_send(name, *args, &block) }
    end

    def method_missing(name, *args, &block)
      call.public_send(name, *args, &block)
    end

    def respond_to_missing?(name, all = false)
      call.respond_to?(name, all)
    end
  end

  # In front of the node's attributes, and of the maps in their merged view.
  module Reads
    known = [:exist?, :key?, :has_key?, :include?, :member?, :attribute?]
    all = Chef::Node::Mixin::ImmutablizeHash::ALLOWED_METHODS & Chef::Node::ImmutableMash.public_instance_methods
    own = [:[], :dig, :fetch, :default, :default_proc, :compare_by_identity, :compare_by_identity?, *known]

    [:[], :read, :dig].each do |name|
      define_method(name) { |*keys| WeftChef.look(WeftChef.path_in(self, *keys)) { super(*keys) } }
    end

    known.each do |name|
      define_method(name) { |*keys| WeftChef.look(WeftChef.path_in(self, *keys), :exist?) { super(*keys) } }
    end

    def read!(*keys)
      WeftChef.look(WeftChef.path_in(self, *keys), :read!) { super }
    end

    def fetch(key, *default, &block)
      path = WeftChef.path_in(self, key)
      path && WeftChef.find(path) && key?(key) ? self[key] : super
    end

    (all - own + [:==, :to_json, :to_s]).each do |name|
      define_method(name) do |*args, &block|
        whole = WeftChef.whole(self)
        whole.equal?(self) ? super(*args, &block) : whole.public_send(name, *args, &block)
      end
    end
  end

  module Merge
    def merged_attributes(*path)
      merged = super
      WeftChef.attributes.equal?(self) && path.length < 2 ? WeftChef.lay_over(merged, WeftChef.find(path)) : merged
    end
  end

  class Events < Chef::EventDispatch::Base
    def node_load_completed(node, *)
      WeftChef.start(node)
    end

    def attribute_changed(_precedence, path, value)
      WeftChef.changed(path, value)
    end

    def converge_start(*)
      WeftChef.start_converging
    end

    def converge_complete
      WeftChef.finish
    end

    def run_failed(error, *)
      WeftChef.fail(error)
    end
  end
end

Chef::Node::ImmutableMash.prepend(WeftChef::Reads)
Chef::Node::Attribute.prepend(WeftChef::Reads)
Chef::Node::Attribute.prepend(WeftChef::Merge)
Chef::Config[:event_handlers] << WeftChef::Events.new
at_exit do
  $stdout.flush
  warn WeftChef.failure if WeftChef.failure
end
