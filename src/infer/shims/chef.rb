# In chef, for weft infer: notes attributes that a cookbook reads and nothing sets, stands in for them, and notes what cookbooks write.
require 'json'
require_relative 'weft_chef'

module WeftInfer
  # Code of Chef itself, of its libraries and of ours.
  LIBRARIES = [*Gem.path, RbConfig::CONFIG['rubylibdir'], __dir__].freeze

  class << self
    def note(what)
      File.open(ENV.fetch('WEFT_NOTES'), 'a', 0o600) { |file| file.syswrite("#{JSON.generate(what)}\n") }
    end

    # Chef asks for attributes too; what counts is what a cookbook's own lines ask for.
    def cookbook?
      on_the_way = %r{\A#{Regexp.escape(__dir__)}|\A<internal|/chef/(node|event_dispatch)}
      frame = caller_locations(2).find { |place| !on_the_way.match?(place.path) }
      !frame.nil? && LIBRARIES.none? { |folder| frame.path.start_with?(folder) }
    end

    def missing(path)
      return nil if path.nil? || path.empty? || !cookbook?
      name = path.join('.')
      note(read: name)
      StandIn.new(name)
    end

    def tested(path)
      note(read: path.join('.'), optional: true) if path && !path.empty? && cookbook?
      false
    end

    # Only the ends of maps: what is above them is made on the way.
    def written(path, value)
      return if path.first.to_s == 'cookbooks'
      if value.is_a?(Hash) && !value.empty?
        value.each { |key, below| written(path + [key], below) }
      elsif !value.is_a?(Hash)
        note(write: path.last, source: path.join('.'), value: WeftChef.plain(value))
      end
    end
  end

  # The text 1, in which keys are found like itself.
  class StandIn < String
    def initialize(path)
      super('1')
      @path = path
    end

    def [](key, *more)
      return super unless more.empty? && (key.is_a?(String) || key.is_a?(Symbol))
      below = "#{@path}.#{key}"
      WeftInfer.note(read: below)
      StandIn.new(below)
    end

    def dig(*keys)
      keys.inject(self) { |found, key| found[key] }
    end

    def fetch(key, *)
      self[key.to_s]
    end

    [:exist?, :key?, :has_key?, :member?, :attribute?].each do |name|
      define_method(name) do |*keys|
        WeftInfer.note(read: [@path, *keys].join('.'), optional: true)
        false
      end
    end

    def each(&block)
      [self].each(&block)
    end
  end

  module Reads
    [:[], :read, :dig].each do |name|
      define_method(name) do |*keys|
        found = super(*keys)
        found.nil? ? WeftInfer.missing(WeftChef.path_in(self, *keys)) : found
      end
    end

    [:exist?, :key?, :has_key?, :include?, :member?, :attribute?].each do |name|
      define_method(name) { |*keys| super(*keys) || WeftInfer.tested(WeftChef.path_in(self, *keys)) }
    end
  end

  class Events < Chef::EventDispatch::Base
    def attribute_changed(_precedence, path, value)
      WeftInfer.written(path, value) if WeftInfer.cookbook?
    end
  end
end

Chef::Node::ImmutableMash.prepend(WeftInfer::Reads)
Chef::Node::Attribute.prepend(WeftInfer::Reads)
Chef::Config[:event_handlers] << WeftInfer::Events.new
