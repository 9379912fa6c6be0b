#include "trainer_of.hpp"

template std::unique_ptr<tool::AnyTrainer> tool::make_trainer_of<3>(functional::Model&, const Compilation&);
